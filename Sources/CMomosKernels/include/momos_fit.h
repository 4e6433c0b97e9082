/// Kernels of fitting: products in a fixed order, second moments of inputs, and the search for the motifs of a row.
///
/// Every kernel does its operations in the order stated here, without fused multiply-add, and breaks ties for the
/// lowest index, so that all instruction sets and every split over threads give the same bits. Nothing is allocated,
/// no threads are started and arguments are trusted: the Swift face checks them. Matrices are row-major; pointers
/// need the alignment of their elements only, except scratch; outputs overlap nothing else.
#ifndef MOMOS_FIT_H
#define MOMOS_FIT_H

#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#define MOMOS_FIT_SENDABLE __attribute__((swift_attr("@Sendable")))
#else
#define MOMOS_FIT_SENDABLE
#endif

/// Bytes of scratch of products and moments.
#define MOMOS_FIT_PRODUCT_SCRATCH (192 * 1024)

/// Rows of the inputs whose products are summed in float32 before they join a float64 sum.
#define MOMOS_MOMENT_GROUP 64

/// Rows that `encode_paths` takes at a time, at most.
#define MOMOS_PATH_ROWS 16

/// Columns whose motifs are decided together, before rounding down to whole blocks.
#define MOMOS_PATH_GROUP_COLUMNS 64

/// Most motifs of a longer block that a stage search tries.
#define MOMOS_STAGE_BEAM 32

/// Most weights in a block of a path or stage search.
#define MOMOS_PATH_MOST_BLOCK 16

/// C [rows, columns] = or += A [rows, inner] B [inner, columns].
typedef struct {
  size_t rows, columns, inner;
  size_t a_row_step;    ///< elements of A from one row to the next
  size_t a_inner_step;  ///< elements of A from one column to the next
  size_t b_stride;      ///< elements from one row to the next
  size_t c_stride;
  int accumulates;      ///< 0: sums begin at 0, otherwise at what C holds
} momos_fixed_product;

/// A tile of the sums of x x' over rows of x [count, columns].
typedef struct {
  size_t columns;
  size_t row_begin, row_end;
  size_t column_begin, column_end;
  size_t stride;  ///< elements of the sums from one row to the next
} momos_moment_tile;

/// How rows of weights become paths of motifs.
///
/// A row w [columns] is cut into blocks of s = `block_length` columns, the last of which may reach beyond the row; what
/// lies there costs nothing. Block t is represented by first(i[t]) + second(i[t - 1]), where second(i[-1]) = 0: the
/// halves of overlapping motifs; plain motifs have no second half.
typedef struct {
  size_t columns;          ///< at least 1
  size_t block_length;     ///< 1 to MOMOS_PATH_MOST_BLOCK
  size_t motif_count;      ///< k
  size_t padded;           ///< k rounded up to a multiple of 16
  const float *first;      ///< [s, padded]: element o of motif m at o * padded + m; zero beyond the last motif
  const float *second;     ///< the same for second halves, or NULL

  /// Errors of block t, e = x - its motifs, cost |e T(t)|^2 and move the columns after it: their targets x become x -
  /// e T(t) U[block t, column].
  const float *factor;     ///< U [columns, columns], upper triangular; NULL: no column is moved
  const float *inverses;   ///< T [blocks, s, s], upper triangular; rows and columns beyond the row are zero
  size_t survivor_count;   ///< paths kept from block to block, 1 to k
  float lookahead;         ///< weight of |next target T|^2 in the choice of survivors

  /// Exact search, only without U and with T = 1: what `momos_path_cross` gives for whole blocks and for the last one.
  /// NULL: survivors.
  const float *cross;
  const float *last_cross;

  /// Blocks [count, blocks] of the rows of a call that take motif 0, which is zeros then: 1, others 0; or NULL. For plain
  /// motifs only.
  const uint8_t *zeros;
} momos_path_search;

/// How rows of weights become sums of two motifs: one for every block of `block_length` columns and one for every
/// block of `added_length`, of which a whole number make up the longer block.
typedef struct {
  size_t columns;          ///< at least 1
  size_t block_length;     ///< s, 1 to MOMOS_PATH_MOST_BLOCK
  size_t motif_count;      ///< of the longer blocks
  size_t padded;           ///< rounded up to a multiple of 16
  const float *motifs;     ///< [s, padded]: element o of motif m at o * padded + m; zero beyond the last motif
  size_t added_length;     ///< a divisor of s
  size_t added_count;      ///< motifs of the shorter blocks
  const float *added;      ///< [added_length, padded added_count], as `motifs`
  size_t beam_count;       ///< motifs of a longer block that are tried, 1 to MOMOS_STAGE_BEAM and to motif_count

  const float *factor;           ///< U [columns, columns] as of momos_path_search, or NULL
  const float *inverses;         ///< T of the longer blocks, [blocks, s, s]
  const float *added_inverses;   ///< T of the shorter ones, of all that the longer blocks reach
} momos_stage_search;

/// The kernels of one instruction set; constant for the life of the process.
typedef struct MOMOS_FIT_SENDABLE {
  const char *name;

  /// C[i, j] = (((begin + A[i, 0] B[0, j]) + A[i, 1] B[1, j]) + ...), each operation rounded to the type.
  /// scratch: MOMOS_FIT_PRODUCT_SCRATCH bytes, 64-byte aligned.
  void (*multiply_f32)(const momos_fixed_product *product, const float *a, const float *b, float *c, void *scratch);
  void (*multiply_f64)(const momos_fixed_product *product, const double *a, const double *b, double *c, void *scratch);

  /// moments[i - row_begin, j - column_begin] += sum over the rows r of x [count, columns] of x[r, i] * x[r, j], for
  /// i and j of a tile where j >= i; elsewhere sums become undefined. Groups of MOMOS_MOMENT_GROUP rows, the last may
  /// be shorter, are summed in float32 by ascending r, starting at 0, then added in float64 one after the other.
  /// scratch as above.
  void (*add_moments)(const momos_moment_tile *tile, const float *x, size_t count, double *moments, void *scratch);

  /// The motifs of rows [count, columns], count at most MOMOS_PATH_ROWS: indices [count, blocks], overwritten.
  ///
  /// With `cross` the path of least squared error. Otherwise the best of the surviving paths: after each block, of all
  /// paths that end with the same motif the cheapest survives, and of those the `survivor_count` first by cost +
  /// lookahead * |next target T|^2. Each survivor moves the targets of this group of columns and of the next by its
  /// own errors. When a group ends, the group before it is decided: it takes the motifs of the survivor which is first
  /// by the same rule, survivors that passed through others there end, and its errors move the rest of the row.
  /// A block of `zeros` is passed by all survivors.
  /// scratch: `momos_path_scratch_byte_count` bytes, 64-byte aligned.
  void (*encode_paths)(const momos_path_search *search, const float *rows, size_t count, uint16_t *indices,
                       void *scratch);

  /// The motifs of rows [count, columns], count at most MOMOS_PATH_ROWS: indices [count, blocks] and added [count,
  /// shorter blocks of all longer ones], overwritten.
  ///
  /// For each longer block from left to right: of its motifs those `beam_count` with the least |(x - motif) T|^2, and
  /// for each of these its shorter blocks from left to right the motif with the least |error T|^2, where errors move
  /// what comes after them in the block; of all that the motif with the least sum of these. Its errors move the rest of
  /// the row.
  /// scratch: `momos_stage_scratch_byte_count` bytes, 64-byte aligned.
  void (*encode_stages)(const momos_stage_search *search, const float *rows, size_t count, uint16_t *indices,
                        uint16_t *added, void *scratch);
} momos_fit_table;

/// Bytes of scratch that `encode_paths` needs for `count` rows.
size_t momos_path_scratch_byte_count(const momos_path_search *search, size_t count);

/// The same for `encode_stages`.
size_t momos_stage_scratch_byte_count(const momos_stage_search *search, size_t count);

/// cross [padded / 16, padded, 16]: 2 * (sum over o < length of first[o, m] * second[o, p], o ascending) at [m / 16, p,
/// m % 16].
void momos_path_cross(const momos_path_search *search, size_t length, float *cross);

/// Cholesky's factor of a symmetric block a [count, count], of which the lower half is read: overwritten by L with a =
/// L L'. inverse [count, count]: that of L, zero above the diagonal. Returns `count`, or the first column whose pivot is
/// not positive.
size_t momos_factor_block(double *a, size_t a_stride, size_t count, double *inverse);

/// The table of an instruction set by its name, or NULL if this build or this processor lacks it.
const momos_fit_table *momos_fit_named(const char *name);

/// Names of the instruction sets of this build, best first, NULL-terminated.
const char *const *momos_fit_names(void);

/// The best table that this processor supports; never NULL.
const momos_fit_table *momos_fit_best(void);

#endif
