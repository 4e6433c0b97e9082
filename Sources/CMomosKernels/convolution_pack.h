// Packing of the columns that a filter matrix is multiplied by, a block of columns and a block of pixels at a time.

#include <string.h>

#include "convolution_band.h"

/// Where the columns come from: one of the two.
typedef struct {
  const momos_factor *factor;
  const momos_convolution *convolution;
  const float *x;  ///< [channels, input], with `convolution`
} pixel_source;

/// Pixels [first, first + count): whole panels, then some that are multiplied one after the other.
typedef struct {
  size_t first;
  size_t count;
  size_t vectors;  ///< vectors of lanes in all panels; the last one may reach beyond the pixels
  size_t singles;
} pixel_block;

/// Packed pixels. A panel is [column][width], singles are [single][column].
typedef struct {
  float *panels;
  float *singles;
  float *band;
} packed_pixels;

/// Neighbouring pixels of a panel, or one single: `count` floats that lie together in a band.
typedef struct {
  size_t from;
  size_t count;
  float *to;     ///< for the first column
  size_t width;  ///< floats from one column to the next
} pixel_run;

/// Most runs of a block: a panel or an output row begins with each.
#define MOST_RUNS (MOST_BLOCK_PIXELS + MOST_PANELS)

/// Vectors of the panel after `done` of the vectors of a block.
static size_t panel_vectors(const pixel_block *block, size_t done) {
  return even_group((block->vectors - done) / NARROW_PANEL, WIDE_PANEL / NARROW_PANEL) * NARROW_PANEL;
}

/// Copies a run for `taps` columns from `column` on; tap t lies offsets[t] floats from `from` on.
INLINE void copy_vectors(const pixel_run *run, const float *from, const size_t *offsets, size_t taps, size_t column,
                         const int full) {
  float *to = run->to + column * run->width;
  const size_t rest = run->count - (size_t)full * GEMM_LANES;
  for (size_t t = 0; t < taps; t++, to += run->width) {
    const float *source = from + offsets[t] + run->from;
    UNROLLED for (int v = 0; v < full; v++) *(unaligned_lanes *)(to + v * GEMM_LANES) = loaded(source + v * GEMM_LANES);
    if (rest > 0) STORE_PARTIAL(to + full * GEMM_LANES, rest, PARTIAL(source + full * GEMM_LANES, rest));
  }
}

static void copy_run(const pixel_run *run, const float *from, const size_t *offsets, size_t taps, size_t column) {
  if (run->width == 1) {
    for (size_t t = 0; t < taps; t++) run->to[column + t] = from[offsets[t] + run->from];
    return;
  }
  switch (run->count / GEMM_LANES) {
    case 0: return copy_vectors(run, from, offsets, taps, column, 0);
    case 1: return copy_vectors(run, from, offsets, taps, column, 1);
    case 2: return copy_vectors(run, from, offsets, taps, column, 2);
    default: return copy_vectors(run, from, offsets, taps, column, 3);
  }
}

/// Splits a block of pixels into runs that cross neither panels nor output rows of `width` pixels; `row_stride` floats
/// of the band lie between output rows.
static size_t find_runs(const pixel_block *block, size_t columns, const packed_pixels *packed, size_t width,
                        size_t row_stride, pixel_run *runs) {
  const size_t first_row = block->first / width, grouped = block->count - block->singles;
  size_t count = 0, done = 0;
  float *panel = packed->panels;
  for (size_t pixel = 0; pixel < block->count;) {
    const size_t at = block->first + pixel, row_left = width - at % width;
    const size_t from = (at / width - first_row) * row_stride + at % width;
    if (pixel >= grouped) {
      runs[count++] = (pixel_run){from, 1, packed->singles + (pixel - grouped) * columns, 1};
      pixel++;
      continue;
    }
    const size_t lanes_here = panel_vectors(block, done) * GEMM_LANES, lane = pixel - done * GEMM_LANES;
    const size_t length = smallest(smallest(row_left, lanes_here - lane), grouped - pixel);
    runs[count++] = (pixel_run){from, length, panel + lane, lanes_here};
    pixel += length;
    if (lane + length == lanes_here) {
      done += lanes_here / GEMM_LANES;
      panel += lanes_here * columns;
    }
  }
  return count;
}

/// The columns of channels that are rows of pixels themselves.
static void pack_rows_of_pixels(const float *x, size_t stride, const pixel_block *block, size_t begin, size_t end,
                                const packed_pixels *packed) {
  pixel_run runs[MOST_RUNS];
  const size_t count = find_runs(block, end - begin, packed, SIZE_MAX, 0, runs);
  static const size_t here[1] = {0};
  for (size_t j = begin; j < end; j++)
    for (size_t i = 0; i < count; i++) copy_run(&runs[i], x + j * stride, here, 1, j - begin);
}

/// The columns of B [pixels, columns].
static void pack_transposed(const momos_factor *factor, const pixel_block *block, size_t begin, size_t end,
                            const packed_pixels *packed) {
  const size_t columns = end - begin, grouped = block->count - block->singles;
  const float *const b = factor->b + block->first * factor->b_stride + begin;
  float *panel = packed->panels;
  for (size_t done = 0; done < block->vectors;) {
    const size_t vectors = panel_vectors(block, done), width = vectors * GEMM_LANES;
    const size_t filled = smallest(grouped - done * GEMM_LANES, width);
    pack_panel(b + done * GEMM_LANES * factor->b_stride, factor->b_stride, columns, filled, width, panel);
    done += vectors;
    panel += width * columns;
  }
  for (size_t s = 0; s < block->singles; s++)
    memcpy(packed->singles + s * columns, b + (grouped + s) * factor->b_stride, columns * sizeof(float));
}

/// The columns of a convolution of planes: each channel's band is laid out once and copied for every tap.
static void pack_planes(const momos_convolution *convolution, const float *x, const pixel_block *block, size_t begin,
                        size_t end, const packed_pixels *packed) {
  const band_plan plan = band_plan_of(convolution, block_rows(convolution));
  const size_t width = convolution->output[2], taps = tap_count(convolution), plane = plane_count(convolution);
  pixel_run runs[MOST_RUNS];
  size_t offsets[TAP_COUNT];
  const size_t count = find_runs(block, end - begin, packed, width, plan.shape.length, runs);
  for (size_t channel = begin / taps; channel * taps < end; channel++) {
    fill_band(&plan, x + channel * plane, block->first / width, packed->band);
    const size_t last = smallest((channel + 1) * taps, end);
    for (size_t j = largest(channel * taps, begin), tap_end; j < last; j = tap_end) {
      tap_end = smallest(last, j + TAP_COUNT);
      find_offsets(&plan, j - channel * taps, tap_end - channel * taps, offsets);
      for (size_t i = 0; i < count; i++) copy_run(&runs[i], packed->band, offsets, tap_end - j, j - begin);
    }
  }
}

/// The input of one channel at a tap and an output pixel, or 0 outside.
static float volume_value(const momos_convolution *convolution, const float *channel, size_t tap, size_t pixel) {
  size_t offset = 0, scale = 1;
  for (int d = 2; d >= 0; d--) {
    const size_t at = pixel % convolution->output[d] * convolution->stride[d] +
                      tap % convolution->kernel[d] * convolution->dilation[d];
    if (at < convolution->pad_begin[d] || at - convolution->pad_begin[d] >= convolution->input[d]) return 0;
    offset += (at - convolution->pad_begin[d]) * scale;
    scale *= convolution->input[d];
    pixel /= convolution->output[d];
    tap /= convolution->kernel[d];
  }
  return channel[offset];
}

/// The columns of a convolution of volumes, value by value.
static void pack_volumes(const momos_convolution *convolution, const float *x, const pixel_block *block, size_t begin,
                         size_t end, const packed_pixels *packed) {
  const size_t taps = tap_count(convolution), plane = plane_count(convolution);
  pixel_run runs[MOST_RUNS];
  const size_t count = find_runs(block, end - begin, packed, SIZE_MAX, 0, runs);
  for (size_t j = begin; j < end; j++)
    for (size_t i = 0; i < count; i++)
      for (size_t p = 0; p < runs[i].count; p++)
        runs[i].to[(j - begin) * runs[i].width + p] =
            volume_value(convolution, x + j / taps * plane, j % taps, runs[i].from + p);
}

/// Packs columns [begin, end) of a block of pixels.
static void pack_pixels(const pixel_source *source, const pixel_block *block, size_t begin, size_t end,
                        const packed_pixels *packed) {
  if (source->factor && source->factor->is_transposed)
    pack_transposed(source->factor, block, begin, end, packed);
  else if (source->factor)
    pack_rows_of_pixels(source->factor->b, source->factor->b_stride, block, begin, end, packed);
  else if (is_pointwise(source->convolution))
    pack_rows_of_pixels(source->x, plane_count(source->convolution), block, begin, end, packed);
  else if (is_planar(source->convolution))
    pack_planes(source->convolution, source->x, block, begin, end, packed);
  else
    pack_volumes(source->convolution, source->x, block, begin, end, packed);
}
