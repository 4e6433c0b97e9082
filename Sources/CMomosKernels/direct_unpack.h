// Eight indices at a time with AVX2: their bytes are shuffled into eight lanes, shifted into place and masked.
#define UNPACK_EIGHT

/// What unpacking indices of one width takes; the indices of a group start at a whole byte.
typedef struct {
  __m256i bytes;   ///< for each byte of the eight lanes the byte of the group that it comes from
  __m256i shifts;  ///< bits below the index in its lane
  __m256i mask;
  __m256i scale;
} eight_unpacking;

static inline eight_unpacking unpacking_of_width(uint32_t width, uint32_t scale) {
  uint8_t bytes[32];
  uint32_t shifts[8];
  for (uint32_t t = 0; t < 8; t++) {
    const uint32_t first = t * width / 8;
    shifts[t] = t * width % 8;
    for (uint32_t i = 0; i < 4; i++) bytes[4 * t + i] = first + i < 16 ? (uint8_t)(first + i) : 0x80;
  }
  return (eight_unpacking){_mm256_loadu_si256((const __m256i *)bytes), _mm256_loadu_si256((const __m256i *)shifts),
                           _mm256_set1_epi32((1 << width) - 1), _mm256_set1_epi32((int)scale)};
}

/// Reads 16 bytes from `packed` on, writes eight offsets.
static inline void unpack_eight(const eight_unpacking *unpacking, const uint8_t *packed, uint32_t *offsets) {
  const __m256i group = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)packed));
  const __m256i raw = _mm256_srlv_epi32(_mm256_shuffle_epi8(group, unpacking->bytes), unpacking->shifts);
  const __m256i indices = _mm256_and_si256(raw, unpacking->mask);
  _mm256_storeu_si256((__m256i *)offsets, _mm256_mullo_epi32(indices, unpacking->scale));
}
