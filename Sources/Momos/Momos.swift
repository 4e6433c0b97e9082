// filled by a following commit
