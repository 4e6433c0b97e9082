// What the rows of a path search share: the motifs of a group of blocks in the metric of their columns.

/// T of a block.
INLINE const float *inverse_of(const momos_path_search *search, size_t block) {
  return search->inverses + block * search->block_length * search->block_length;
}

/// target[o, m] = sum over i of motifs[i, m] * matrix[i, o], i ascending, with motifs [length, padded].
static void transform_motifs(const float *motifs, size_t length, size_t padded, const float *matrix, float *target) {
  for (size_t o = 0; o < length; o++)
    for (size_t m = 0; m < padded; m += FIT_LANES) {
      lanes sum = loaded(motifs + m) * matrix[o];
      for (size_t i = 1; i < length; i++) sum += loaded(motifs + i * padded + m) * matrix[i * length + o];
      store(target + o * padded + m, sum);
    }
}

/// U from the first column of a group on, zero beyond the row.
static void copy_factor(const momos_path_search *search, const path_measures *measures, size_t begin, float *factor) {
  const size_t columns = search->columns;
  const size_t width = least(measures->factor_stride, columns - begin);
  for (size_t i = 0; i < measures->group_columns; i++, factor += measures->factor_stride) {
    const size_t row = begin + i;
    const int is_there = row < columns && search->factor;
    if (is_there) memcpy(factor, search->factor + row * columns + begin, width * sizeof(float));
    const size_t copied = is_there ? width : 0;
    memset(factor + copied, 0, (measures->factor_stride - copied) * sizeof(float));
  }
}

/// shift [s, s] = U[block, next block] T of the next block; `factor` begins with the rows of the block.
static void fill_shift(const momos_path_search *search, const float *factor, const float *next_inverse, size_t stride,
                       float *shift) {
  const size_t length = search->block_length;
  for (size_t i = 0; i < length; i++)
    for (size_t o = 0; o < length; o++) {
      float sum = 0;
      for (size_t q = 0; q < length; q++) sum += factor[i * stride + length + q] * next_inverse[q * length + o];
      shift[i * length + o] = sum;
    }
}

/// next[o, m] = sum over i of products[i, m] * shift[i, o], minus the same of `second` and T of the next block.
static void fill_next(const momos_path_search *search, const float *products, const float *shift,
                      const float *next_inverse, float *next) {
  const size_t length = search->block_length, padded = search->padded;
  transform_motifs(products, length, padded, shift, next);
  if (!search->second) return;
  for (size_t o = 0; o < length; o++)
    for (size_t m = 0; m < padded; m += FIT_LANES) {
      lanes sum = loaded(search->second + m) * next_inverse[o];
      for (size_t i = 1; i < length; i++)
        sum += loaded(search->second + i * padded + m) * next_inverse[i * length + o];
      store(next + o * padded + m, loaded(next + o * padded + m) - sum);
    }
}

/// |product|^2 of every motif, infinite beyond the last.
static void fill_norms(const float *products, size_t length, size_t padded, size_t motif_count, float *norms) {
  for (size_t m = 0; m < padded; m++) {
    float sum = 0;
    for (size_t o = 0; o < length; o++) sum += products[o * padded + m] * products[o * padded + m];
    norms[m] = m < motif_count ? sum : __builtin_inff();
  }
}

/// All of a group that begins at block `first`.
static void fill_group(const momos_path_search *search, const path_measures *measures, size_t first,
                       const path_memory *memory) {
  const size_t length = search->block_length, table = length * search->padded;
  copy_factor(search, measures, first * length, memory->factor);
  for (size_t b = 0; b < measures->group_blocks && first + b < measures->blocks; b++) {
    float *products = memory->products + b * table, *next = memory->next + b * table;
    float *shift = memory->shift + b * length * length;
    transform_motifs(search->first, length, search->padded, inverse_of(search, first + b), products);
    fill_norms(products, length, search->padded, search->motif_count, memory->norms + b * search->padded);
    if (first + b + 1 == measures->blocks) {
      memset(shift, 0, length * length * sizeof(float));
      memset(next, 0, table * sizeof(float));
      continue;
    }
    const float *inverse = inverse_of(search, first + b + 1);
    fill_shift(search, memory->factor + b * length * measures->factor_stride + b * length, inverse,
               measures->factor_stride, shift);
    fill_next(search, products, shift, inverse, next);
  }
}
