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

INLINE uint32_t bits_below(index_lanes keys, int32_t bound) {
  uint32_t bits = 0;
  UNROLLED for (int lane = 0; lane < FIT_LANES; lane++) bits |= (uint32_t)(keys[lane] < bound) << lane;
  return bits;
}
