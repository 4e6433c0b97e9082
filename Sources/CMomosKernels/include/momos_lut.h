/// Products straight from tile-ordered mosaics, with integer tables that live in vector registers.
///
/// y[row] += row scale[row] * sum over segments of
///           scale(segment) * sum over blocks t of the segment of table(t)[index(row, t)]
///
/// A segment is what one stage has in a group of 256 columns; dictionaries of 256 entries have segments of at most
/// 32 blocks. Segments follow one another by groups, then stages, then columns. `table(t)[m]` is the product of
/// motif m and the window of x that belongs to block t: a 16-bit integer in units of `scale(segment)`. Sums over
/// the blocks of a segment are exact; each enters the row's float32 sum by one fused multiply-add. Hence all
/// instruction sets, batch sizes and splits of the rows give the same bits.
///
/// How a table comes about, in integers:
/// - motifs: 16 bits, `round(value / motif_unit)`, motif_unit = largest magnitude / 32767.
/// - x: 16 bits, `round(value * r)`. The window of block t is its s columns, and the next s for overlapping motifs;
///   columns beyond the last count as 0. r is such that x fits 16 bits and no product of a motif and a window of
///   the segment exceeds 32639 * 65536 / 2^e in magnitude; e is 0, or 1 if x would otherwise limit r
///   (`lut_quantise.h`).
/// - entry: v = (product * 2^e + 32768) >> 16 = 256 h + l with l from -128 to 127; where l is -128 it becomes -127.
///   So h and l lie in -127...127, and an entry's negative has the same form. Zero motifs give exactly zero.
/// - scale = 65536 * motif_unit / (r * 2^e).
///
/// A matrix may allow tables of one byte plane instead of two. A segment then has
/// - entry: (product * 2^e + 2^23) >> 24, from -127 to 127, and scale = 2^24 * motif_unit / (r * 2^e),
/// unless the rounding of entries is expected to exceed MOMOS_LUT_ONE_PLANE_ERROR of the segment's products, because
/// some windows are far larger than the rest. Expected are the squares of independent numbers: 1/12 for each window
/// that is not zero, and a motif's mean square value times the window's sum of squares.
///
/// The error relative to exact arithmetic, as a ratio of Euclidean norms over a large matrix, is below 2e-4 for one
/// stage and below 5e-4 for several stages or inputs with outlier channels; where one plane is allowed, below 3e-2.
///
/// Zero x gives zero; finite x of any magnitude has the stated accuracy as far as y is in the range of float32. NaN
/// or infinity in x gives NaN in all rows of the range.
///
/// Kernels allocate nothing, start no threads and trust their arguments. Any bytes are safe as indices.
#ifndef MOMOS_LUT_H
#define MOMOS_LUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Columns whose indices lie together.
#define MOMOS_LUT_GROUP_COLUMNS 256

/// Largest expected error of a segment with tables of one byte plane.
#define MOMOS_LUT_ONE_PLANE_ERROR 2.2e-2f

/// Row ranges begin and end at multiples of this.
#define MOMOS_LUT_ROW_STEP 256

/// Alignment in bytes of index streams, dictionaries and scratch.
#define MOMOS_LUT_ALIGNMENT 64

/// Index layouts, numbered and defined as in the file format (section 9).
typedef enum {
  MOMOS_LUT_K256 = 1,
  MOMOS_LUT_K16 = 2,
  MOMOS_LUT_K64 = 3,
} momos_lut_layout;

/// A dictionary expanded for tables.
typedef struct {
  momos_lut_layout layout;
  uint32_t block_length;  ///< s: 2, 4, 8 or 16
  uint32_t motif_length;  ///< s (plain) or 2 s (overlapping)
  uint32_t entry_count;   ///< entries of one table: 256, 64 or 16; 128 if K256 and antipodal
  bool is_signed;         ///< K256 and antipodal: bit 7 of an index negates the entry that the others name
  double motif_unit;      ///< value of 1 in `motifs`; 0 if all motifs are zero
  float largest_square;   ///< largest sum of squares of a motif in `motifs`
  float mean_square;      ///< mean square of a value of the stored motifs in `motifs`
  float product_limit;    ///< largest product that a table entry holds, less what rounding x may add
  /// [half][o mod s]: largest magnitude of any motif in `motifs` at o; the second half of plain motifs is 0.
  float largest_values[2][16];
  const int16_t *motifs;  ///< [entry_count / lanes, motif_length / 2, lanes, 2] with lanes = min(64, entry_count)
} momos_lut_dictionary;

/// One stage of a mosaic: its indices in the dictionary's layout, ceil(columns / s) blocks a row.
typedef struct {
  const uint8_t *indices;
  const momos_lut_dictionary *dictionary;
} momos_lut_stage;

/// A part of a mosaic tensor: the sum of its stages, which may differ in layout and block length.
typedef struct {
  const momos_lut_stage *stages;
  size_t stage_count;
  size_t rows;
  size_t columns;
  const float *row_scale;  ///< [rows], or NULL for 1
  bool allows_one_plane;   ///< tables may have one byte plane
  bool replaces;           ///< y becomes the products; otherwise they are added to it
  const uint32_t *column_numbers;  ///< [columns]: which value of a vector of x each column is; NULL: in their order
  const uint32_t *row_numbers;     ///< [rows]: which value of a vector of y each row is; NULL: in their order
} momos_lut_matrix;

/// The kernels of one instruction set.
typedef struct momos_lut_kernels momos_lut_kernels;

/// The kernels named "avx512", "avx2", "neon" or "scalar", or NULL if this build or this processor lacks them.
const momos_lut_kernels *momos_lut_named(const char *name);

/// The best kernels that this processor supports; never NULL.
const momos_lut_kernels *momos_lut_best(void);

/// The names of this build's kernels, best first, NULL-terminated.
const char *const *momos_lut_names(void);

/// The name of these kernels.
const char *momos_lut_name(const momos_lut_kernels *kernels);

/// Bytes that `momos_lut_prepare_dictionary` fills.
size_t momos_lut_dictionary_bytes(momos_lut_layout layout, uint32_t motif_length, bool is_antipodal);

/// Expands a dictionary.
/// - stored: [stored_count, motif_length], finite; at most as many as indices of the layout's width (8, 4 or 6
/// bits) can
///   name, or half of that if antipodal. Missing motifs are zero.
/// - memory: `momos_lut_dictionary_bytes`, aligned, alive as long as the dictionary.
momos_lut_dictionary momos_lut_prepare_dictionary(momos_lut_layout layout, uint32_t block_length,
                                                  uint32_t motif_length, bool is_antipodal, const float *stored,
                                                  size_t stored_count, int16_t *memory);

/// Bytes of `rows` rows of `blocks` indices in a layout.
size_t momos_lut_index_bytes(momos_lut_layout layout, size_t rows, size_t blocks);

/// Writes indices [rows, blocks] in a layout, padding included.
/// - packed: `momos_lut_index_bytes`, overwritten.
void momos_lut_pack(momos_lut_layout layout, uint32_t block_length, const uint16_t *indices, size_t rows,
                    size_t blocks, uint8_t *packed);

/// Reads indices [rows, blocks] from a layout.
void momos_lut_unpack(momos_lut_layout layout, uint32_t block_length, const uint8_t *packed, size_t rows,
                      size_t blocks, uint16_t *indices);

/// Bytes of scratch for a product of `batch` vectors and a range of `row_count` rows.
size_t momos_lut_scratch_bytes(const momos_lut_matrix *matrix, size_t batch, size_t row_count);

/// Adds the products of the matrix's rows [row_begin, row_end) and `batch` vectors to y, or replaces it.
/// - x: float32 of any alignment that float allows; column j of vector b is x[b * x_stride + column number of j].
/// - row_begin, row_end: multiples of MOMOS_LUT_ROW_STEP, or row_end the number of rows.
/// - scratch: `momos_lut_scratch_bytes`, aligned, used by one call at a time.
/// - y: y[b * y_stride + row number of i] for the rows i of the range; nothing else is written.
void momos_lut_multiply(const momos_lut_kernels *kernels, const momos_lut_matrix *matrix, const float *x,
                        size_t x_stride, size_t batch, size_t row_begin, size_t row_end, void *scratch, float *y,
                        size_t y_stride);

#endif
