// Bands: the part of one channel that some output rows see, padded and sorted for contiguous reads.

#if GEMM_LANES == 16
#define EVEN_LANES(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
#elif GEMM_LANES == 8
#define EVEN_LANES(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14)
#else
#define EVEN_LANES(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6)
#endif

/// The first `count` values, then zeros.
INLINE lanes loaded_part(const float *source, size_t count) {
  return count >= GEMM_LANES ? loaded(source) : PARTIAL(source, count);
}

/// The values of one remainder in a row of input.
typedef struct {
  size_t begin;      ///< columns of the band before the first one
  size_t from;       ///< column of the input
  size_t step;
  size_t count;
  size_t available;  ///< columns of the input from the first to the last one
} phase_columns;

static phase_columns phase_columns_of(const momos_convolution *convolution, const band_shape *shape, size_t phase) {
  const size_t step = convolution->stride[2], pad = convolution->pad_begin[2], width = convolution->input[2];
  const size_t begin = phase < pad ? smallest(divided_up(pad - phase, step), shape->length) : 0;
  const size_t from = begin * step + phase - (begin * step + phase < pad ? begin * step + phase : pad);
  const size_t inside = from < width ? divided_up(width - from, step) : 0;
  const size_t count = smallest(inside, shape->length - begin);
  return (phase_columns){begin, from, step, count, count > 0 ? (count - 1) * step + 1 : 0};
}

/// Copies the values of one remainder; up to GEMM_LANES - 1 zeros follow them.
INLINE void copy_phase(const float *row, const phase_columns *columns, float *to) {
  const float *from = row + columns->from;
  to += columns->begin;
  if (columns->step == 1) {
    for (size_t i = 0; i < columns->count; i += GEMM_LANES)
      *(unaligned_lanes *)(to + i) = loaded_part(from + i, columns->count - i);
  } else if (columns->step == 2) {
    for (size_t i = 0; i < columns->count; i += GEMM_LANES) {
      const size_t left = columns->available - 2 * i;
      const lanes low = loaded_part(from + 2 * i, left);
      const lanes high = left > GEMM_LANES ? loaded_part(from + 2 * i + GEMM_LANES, left - GEMM_LANES) : (lanes)0;
      *(unaligned_lanes *)(to + i) = EVEN_LANES(low, high);
    }
  } else {
    for (size_t i = 0; i < columns->count; i++) to[i] = from[i * columns->step];
  }
}

/// How the bands of a convolution are filled.
typedef struct {
  const momos_convolution *convolution;
  band_shape shape;
  phase_columns first_phases[4];
} band_plan;

static band_plan band_plan_of(const momos_convolution *convolution, size_t output_rows) {
  band_plan plan = {.convolution = convolution, .shape = band_shape_of(convolution, output_rows)};
  for (size_t phase = 0; phase < smallest(plan.shape.column_phases, 4); phase++)
    plan.first_phases[phase] = phase_columns_of(convolution, &plan.shape, phase);
  return plan;
}

/// The band of one channel for output rows from `first_row` on. Up to GEMM_LANES - 1 floats after it are overwritten.
static void fill_band(const band_plan *plan, const float *channel, size_t first_row, float *band) {
  const momos_convolution *const convolution = plan->convolution;
  const band_shape *const shape = &plan->shape;
  const size_t all = band_count(shape);
  for (size_t i = 0; i < all; i += GEMM_LANES) *(unaligned_lanes *)(band + i) = 0;
  for (size_t row_phase = 0; row_phase < shape->row_phases; row_phase++)
    for (size_t phase = 0; phase < shape->column_phases; phase++) {
      const phase_columns columns =
          phase < 4 ? plan->first_phases[phase] : phase_columns_of(convolution, shape, phase);
      for (size_t r = 0; r < shape->rows; r++, band += shape->length) {
        const size_t y = (first_row + r) * convolution->stride[1] + row_phase - convolution->pad_begin[1];
        // Rows above the input have wrapped around.
        if (y < convolution->input[1]) copy_phase(channel + y * convolution->input[2], &columns, band);
      }
    }
}

/// offsets[t - begin] = where the pixels of tap t begin in a band, for t in [begin, end).
static void find_offsets(const band_plan *plan, size_t begin, size_t end, size_t *offsets) {
  const momos_convolution *const convolution = plan->convolution;
  const size_t *const stride = convolution->stride, kernel_width = convolution->kernel[2];
  size_t row = begin / kernel_width, column = begin % kernel_width;
  for (size_t t = begin; t < end; t++) {
    const size_t y = row * convolution->dilation[1], x = column * convolution->dilation[2];
    const size_t phase = y % stride[1] * plan->shape.column_phases + x % stride[2];
    offsets[t - begin] = (phase * plan->shape.rows + y / stride[1]) * plan->shape.length + x / stride[2];
    if (++column == kernel_width) row++, column = 0;
  }
}
