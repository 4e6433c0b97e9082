// Unpacking of motif indices into byte offsets of their motifs. The including file may define UNPACK_EIGHT.

/// Index number `t` of a packed row.
static inline uint32_t packed_index(const uint8_t *row, size_t t, uint32_t width) {
  const size_t bit = t * width, byte = bit / 8, end = (bit + width + 7) / 8;
  uint32_t value = 0;
  for (size_t i = byte; i < end; i++) value |= (uint32_t)row[i] << (8 * (i - byte));
  return (value >> (bit % 8)) & ((1u << width) - 1);
}

/// offsets[t] = byte offset of the motif of block begin + t of a row, for t < count; begin is a multiple of 8.
static void unpack_offsets(const momos_mosaic_stage *stage, size_t row, size_t begin, size_t count,
                           uint32_t *offsets) {
  const uint32_t width = stage->index_width, motif_byte_count = stage->motif_length * (uint32_t)sizeof(float);
  size_t t = 0;
  if (width == 0) {
    for (; t < count; t++) offsets[t] = 0;
    return;
  }
  const uint8_t *packed = stage->indices + row * stage->row_byte_count;
#ifdef UNPACK_EIGHT
  const eight_unpacking unpacking = unpacking_of_width(width, motif_byte_count);
  for (size_t byte = begin / 8 * width; t + 8 <= count && byte + 16 <= stage->row_byte_count; t += 8, byte += width)
    unpack_eight(&unpacking, packed + byte, offsets + t);
#endif
  for (; t < count; t++) offsets[t] = packed_index(packed, begin + t, width) * motif_byte_count;
}
