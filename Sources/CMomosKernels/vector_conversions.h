// Conversions of elements, and the extremes of many.

typedef _Float16 half_lanes __attribute__((ext_vector_type(VECTOR_LANES)));
typedef uint8_t byte_lanes __attribute__((ext_vector_type(VECTOR_LANES)));
typedef uint16_t short_lanes __attribute__((ext_vector_type(VECTOR_LANES)));

static void narrow_to_f16(const float *x, size_t count, uint16_t *y) {
  size_t i = 0;
  for (; i + VECTOR_LANES <= count; i += VECTOR_LANES) {
    const half_lanes halves = __builtin_convertvector(loaded(x + i), half_lanes);
    memcpy(y + i, &halves, sizeof halves);
  }
  for (; i < count; i++) {
    const _Float16 half = (_Float16)x[i];
    memcpy(y + i, &half, sizeof half);
  }
}

static void widen_f16(const uint16_t *x, size_t count, float *y) {
  size_t i = 0;
  for (; i + VECTOR_LANES <= count; i += VECTOR_LANES) {
    half_lanes halves;
    memcpy(&halves, x + i, sizeof halves);
    store(y + i, __builtin_convertvector(halves, lanes));
  }
  for (; i < count; i++) {
    _Float16 half;
    memcpy(&half, x + i, sizeof half);
    y[i] = (float)half;
  }
}

/// Rounds to nearest, ties to even; a NaN keeps its upper bits and becomes quiet.
INLINE short_lanes bf16_of(lanes x) {
  const bit_lanes bits = (bit_lanes)x, upper = bits >> 16;
  const bit_lanes rounded = (bits + 0x7fff + (upper & 1)) >> 16;
  return __builtin_convertvector(x == x ? rounded : upper | 0x40, short_lanes);
}

static void narrow_to_bf16(const float *x, size_t count, uint16_t *y) {
  for (size_t i = 0; i < count; i += VECTOR_LANES) {
    const short_lanes narrow = bf16_of(loaded_part(x + i, count - i, 0));
    if (i + VECTOR_LANES <= count)
      memcpy(y + i, &narrow, sizeof narrow);
    else
      memcpy(y + i, &narrow, (count - i) * sizeof *y);
  }
}

static void widen_bf16(const uint16_t *x, size_t count, float *y) {
  for (size_t i = 0; i < count; i++) {
    const uint32_t bits = (uint32_t)x[i] << 16;
    memcpy(y + i, &bits, sizeof bits);
  }
}

/// Integers of a vector of elements: rounded, moved, kept within the limits; zero for NaN.
INLINE int_lanes quantized(const momos_quantization *quantization, lanes x) {
  lanes value = __builtin_elementwise_roundeven(x / quantization->scale) + quantization->zero_point;
  value = value < quantization->lower ? (lanes)quantization->lower : value;
  value = value > quantization->upper ? (lanes)quantization->upper : value;
  return __builtin_convertvector(value == value ? value : 0, int_lanes);
}

static void quantize_to_8(const momos_quantization *quantization, const float *x, size_t count, uint8_t *y) {
  for (size_t i = 0; i < count; i += VECTOR_LANES) {
    const byte_lanes narrow =
        __builtin_convertvector(quantized(quantization, loaded_part(x + i, count - i, 0)), byte_lanes);
    memcpy(y + i, &narrow, i + VECTOR_LANES <= count ? VECTOR_LANES : count - i);
  }
}

static void quantize_to_16(const momos_quantization *quantization, const float *x, size_t count, uint16_t *y) {
  for (size_t i = 0; i < count; i += VECTOR_LANES) {
    const short_lanes narrow =
        __builtin_convertvector(quantized(quantization, loaded_part(x + i, count - i, 0)), short_lanes);
    memcpy(y + i, &narrow, (i + VECTOR_LANES <= count ? VECTOR_LANES : count - i) * sizeof *y);
  }
}

static void find_extremes(const float *x, size_t count, float *smallest, float *largest) {
  lanes least = *smallest, most = *largest;
  for (size_t i = 0; i < count; i += VECTOR_LANES) {
    // Lanes behind the last element repeat the first one.
    const lanes value = loaded_part(x + i, count - i, x[i]);
    least = value < least || value != value ? value : least;
    most = value > most || value != value ? value : most;
  }
  for (int lane = 0; lane < VECTOR_LANES; lane++) {
    if (least[lane] < *smallest || least[lane] != least[lane]) *smallest = least[lane];
    if (most[lane] > *largest || most[lane] != most[lane]) *largest = most[lane];
  }
}
