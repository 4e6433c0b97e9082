// Checks convolutions and products of activations against float64 at random shapes, from memory that ends where the
// arguments end, and that splits by rows and pixels give the same bits.
#include "exact_memory.h"
#include "samples.h"

static int failures = 0;

static size_t below(size_t count) { return random_bits() % count; }

static size_t dimensions_of(const size_t *d) { return d[0] * d[1] * d[2]; }

/// Output positions that padding at the end may reach.
static momos_convolution random_shapes(int is_volume) {
  momos_convolution made = {.channels = 1 + below(is_volume ? 5 : 20)};
  for (int d = 0; d < 3; d++) {
    const int is_one = d == 0 && !is_volume;
    made.input[d] = is_one ? 1 : 1 + below(is_volume ? 9 : 40);
    made.kernel[d] = is_one ? 1 : 1 + below(below(2) ? 5 : 1);
    made.stride[d] = is_one ? 1 : 1 + below(below(2) ? 5 : 1);
    made.dilation[d] = is_one ? 1 : 1 + below(below(2) ? 3 : 1);
    made.pad_begin[d] = is_one ? 0 : below(below(2) ? 5 : 1);
    const size_t padded = made.input[d] + made.pad_begin[d] + below(4), reach = (made.kernel[d] - 1) * made.dilation[d];
    made.output[d] = is_one || padded <= reach ? 1 : (padded - reach - 1) / made.stride[d] + 1;
  }
  return made;
}

/// What an output pixel sees at a tap of a channel.
static double seen(const momos_convolution *shapes, const float *channel, size_t pixel, size_t tap) {
  size_t place[3];
  for (int d = 2; d >= 0; d--) {
    const size_t at = pixel % shapes->output[d] * shapes->stride[d] + tap % shapes->kernel[d] * shapes->dilation[d];
    if (at < shapes->pad_begin[d] || at >= shapes->pad_begin[d] + shapes->input[d]) return 0;
    place[d] = at - shapes->pad_begin[d];
    pixel /= shapes->output[d];
    tap /= shapes->kernel[d];
  }
  return channel[(place[0] * shapes->input[1] + place[1]) * shapes->input[2] + place[2]];
}

static const char *described(const momos_convolution *shapes) {
  static char text[200];
  const size_t *const i = shapes->input, *const k = shapes->kernel, *const s = shapes->stride;
  const size_t *const d = shapes->dilation, *const p = shapes->pad_begin, *const o = shapes->output;
  snprintf(text, sizeof text,
           " %zux%zux%zu, kernel %zux%zux%zu, strides %zu %zu %zu, dilations %zu %zu %zu, pads %zu %zu %zu, "
           "output %zux%zux%zu",
           i[0], i[1], i[2], k[0], k[1], k[2], s[0], s[1], s[2], d[0], d[1], d[2], p[0], p[1], p[2], o[0], o[1], o[2]);
  return text;
}

static float *random_floats(size_t count) {
  float *made = exactly(count, sizeof(float));
  fill_gaussian(made, count);
  return made;
}

/// Norm of the error relative to the norm of the terms.
static void compare(const char *what, const float *found, const double *expected, size_t count, double norm) {
  double error = 0;
  for (size_t i = 0; i < count; i++) error += (found[i] - expected[i]) * (found[i] - expected[i]);
  if (error <= 4e-12 * norm) return;
  printf("FAIL %s: relative error %.2g\n", what, sqrt(error / norm));
  failures++;
}

/// The ranges of a product, from end to end in one or in pieces.
static size_t next_range(momos_product_range *range, size_t rows, size_t pixels, int in_pieces) {
  if (range->row_end == 0) {
    *range = (momos_product_range){0, in_pieces ? 8 : rows, 0, in_pieces ? 32 : pixels};
  } else if (range->pixel_end < pixels) {
    range->pixel_begin = range->pixel_end;
    range->pixel_end += 32;
  } else {
    *range = (momos_product_range){range->row_end, range->row_end + 8, 0, in_pieces ? 32 : pixels};
  }
  if (range->row_end > rows) range->row_end = rows;
  if (range->pixel_end > pixels) range->pixel_end = pixels;
  return range->row_begin < rows;
}

static void check_convolution(const momos_gemm_table *table, const momos_convolution *shapes, int is_channelwise) {
  const size_t taps = dimensions_of(shapes->kernel), pixels = dimensions_of(shapes->output);
  const size_t plane = dimensions_of(shapes->input), rows_per_channel = 1 + below(2);
  const size_t rows = is_channelwise ? shapes->channels * rows_per_channel : 1 + below(20);
  const size_t columns = is_channelwise ? taps : shapes->channels * taps;
  float *x = random_floats(shapes->channels * plane), *weights = random_floats(rows * columns);
  float *bias = random_floats(rows), *residual = random_floats(rows * pixels);
  double *expected = exactly(rows * pixels, sizeof(double)), norm = 0;
  for (size_t i = 0; i < rows; i++)
    for (size_t p = 0; p < pixels; p++) {
      double sum = (double)bias[i] + residual[i * pixels + p];
      norm += sum * sum;
      for (size_t j = 0; j < columns; j++) {
        const size_t channel = is_channelwise ? i / rows_per_channel : j / taps;
        const double term = weights[i * columns + j] * seen(shapes, x + channel * plane, p, j % taps);
        sum += term;
        norm += term * term;
      }
      expected[i * pixels + p] = sum < 0 ? 0 : sum;
    }
  const momos_dense_weight weight = {weights, MOMOS_WEIGHT_F32, columns, columns};
  const momos_finish finish = {.bias = bias, .residual = residual, .lower = 0, .upper = INFINITY};
  const size_t scratch_count =
      is_channelwise ? momos_channel_scratch_count(shapes) : momos_convolution_scratch_count(shapes);
  float *scratch = exact_bytes(scratch_count * sizeof(float), 64), *found[2];
  for (int in_pieces = 0; in_pieces < 2; in_pieces++) {
    found[in_pieces] = exactly(rows * pixels, sizeof(float));
    for (momos_product_range range = {0}; next_range(&range, rows, pixels, in_pieces && !is_channelwise);)
      if (is_channelwise)
        table->convolve_channels_dense(&weight, shapes, rows_per_channel, x, found[in_pieces], &finish, &range,
                                       scratch);
      else
        table->convolve_dense(&weight, shapes, x, found[in_pieces], &finish, &range, scratch);
  }
  char what[260];
  snprintf(what, sizeof what, "%s %s of %zu channels%s", table->name, is_channelwise ? "channelwise" : "convolution",
           shapes->channels, described(shapes));
  compare(what, found[0], expected, rows * pixels, norm);
  if (memcmp(found[0], found[1], rows * pixels * sizeof(float)) != 0) {
    printf("FAIL %s: pieces give other bits\n", what);
    failures++;
  }
  release(x), release(weights), release(bias), release(residual), release(expected);
  release(scratch), release(found[0]), release(found[1]);
}

static void check_product(const momos_gemm_table *table, size_t rows, size_t columns, size_t pixels,
                          int is_transposed) {
  float *a = random_floats(rows * columns), *b = random_floats(columns * pixels);
  float *c = exactly(rows * pixels, sizeof(float));
  double *expected = exactly(rows * pixels, sizeof(double)), norm = 0;
  for (size_t i = 0; i < rows; i++)
    for (size_t p = 0; p < pixels; p++) {
      double sum = 0;
      for (size_t j = 0; j < columns; j++) {
        const double term = (double)a[i * columns + j] * b[is_transposed ? p * columns + j : j * pixels + p];
        sum += term;
        norm += term * term;
      }
      expected[i * pixels + p] = sum;
    }
  const momos_factor factor = {b, is_transposed ? columns : pixels, is_transposed, columns, pixels};
  float *scratch = exact_bytes(momos_product_scratch_count(&factor) * sizeof(float), 64);
  const momos_finish finish = {.lower = -INFINITY, .upper = INFINITY};
  for (momos_product_range range = {0}; next_range(&range, rows, pixels, (int)below(2));)
    table->multiply_activations(a, columns, &factor, c, pixels, &finish, &range, scratch);
  char what[160];
  snprintf(what, sizeof what, "%s product %zu x %zu x %zu%s", table->name, rows, columns, pixels,
           is_transposed ? ", transposed" : "");
  compare(what, c, expected, rows * pixels, norm);
  release(a), release(b), release(c), release(expected), release(scratch);
}

int main(int argument_count, char **arguments) {
  const size_t rounds = 400 / share_of(argument_count, arguments);
  for (const char *const *name = momos_gemm_names(); *name; name++) {
    const momos_gemm_table *table = momos_gemm_named(*name);
    if (!table) continue;
    for (size_t round = 0; round < rounds; round++) {
      const momos_convolution shapes = random_shapes(round % 4 == 0);
      check_convolution(table, &shapes, 0);
      if (round % 4) check_convolution(table, &shapes, 1);
      check_product(table, 1 + below(20), 1 + below(round % 8 ? 70 : 1500), 1 + below(300), (int)below(2));
    }
    printf("%s: convolutions and products checked\n", table->name);
  }
  printf("%s\n", failures ? "some checks failed" : "all checks passed");
  return failures > 0;
}
