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
  const __m256i numbers = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  const __m256i bits = _mm256_mullo_epi32(numbers, _mm256_set1_epi32((int)width));
  // Four bytes from each first one on. Those beyond the sixteenth wrap around: they hold no bit of an index.
  const __m256i first_bytes = _mm256_mullo_epi32(_mm256_srli_epi32(bits, 3), _mm256_set1_epi32(0x01010101));
  return (eight_unpacking){.bytes = _mm256_add_epi8(first_bytes, _mm256_set1_epi32(0x03020100)),
                           .shifts = _mm256_and_si256(bits, _mm256_set1_epi32(7)),
                           .mask = _mm256_set1_epi32((1 << width) - 1),
                           .scale = _mm256_set1_epi32((int)scale)};
}

/// Reads 16 bytes from `packed` on, writes eight offsets.
static inline void unpack_eight(const eight_unpacking *unpacking, const uint8_t *packed, uint32_t *offsets) {
  const __m256i group = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)packed));
  const __m256i raw = _mm256_srlv_epi32(_mm256_shuffle_epi8(group, unpacking->bytes), unpacking->shifts);
  const __m256i indices = _mm256_and_si256(raw, unpacking->mask);
  _mm256_storeu_si256((__m256i *)offsets, _mm256_mullo_epi32(indices, unpacking->scale));
}
