// What instruction sets without intrinsics of their own do.

INLINE lanes lesser(lanes a, lanes b) {
  const index_lanes is_less = a < b;
  return is_less ? a : b;
}

INLINE lanes looked_up(const float *table, size_t padded, index_lanes index) {
  (void)padded;
  lanes values;
  UNROLLED for (int lane = 0; lane < FIT_LANES; lane++) values[lane] = table[index[lane]];
  return values;
}
