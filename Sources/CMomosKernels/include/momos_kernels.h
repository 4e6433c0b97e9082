/// Hot loops of momos in C: one table of function pointers per instruction set, chosen once, and a thread pool.
///
/// Kernels allocate nothing, start no threads and trust their arguments: the Swift face checks them.
/// Every kernel does its float32 operations in the order stated here, without fused multiply-add, so that all
/// instruction sets and thread counts give the same bits. Pointers need the alignment of their elements only; outputs
/// overlap nothing else. Row ranges may be empty.
///
/// Error, since every operation rounds once: a sum of terms differs from the exact one by at most n * 2^-24 / (1 - n *
/// 2^-24) of the sum of the terms' magnitudes, where n is the most roundings that a term passes. In the products of a
/// stage that is one for its own product, at most motif_length for its motif, blocks of a group for the group, and
/// groups for the row; in a score, length + 1. Overflow and NaN follow IEEE arithmetic.
#ifndef MOMOS_KERNELS_H
#define MOMOS_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/// Motif counts of transposed dictionaries are padded to a multiple of this.
#define MOMOS_LANES 16

/// Columns whose products are summed on their own before they join a row's sum.
#define MOMOS_GROUP_COLUMNS 256

/// Most weights in a block whose nearest motif is sought.
#define MOMOS_MOST_SEARCHED_LENGTH 128

/// How the indices of a mosaic lie in memory, numbered and defined as in the file format (section 9).
typedef enum {
  MOMOS_LAYOUT_ROW_MAJOR = 0,
  MOMOS_LAYOUT_TILE_K256 = 1,
  MOMOS_LAYOUT_TILE_K16 = 2,
  MOMOS_LAYOUT_TILE_K64 = 3,
} momos_layout;

/// One stage of a mosaic, with its dictionary expanded for execution.
typedef struct {
  const uint8_t *indices;
  momos_layout layout;
  size_t row_count;          ///< rows of the whole mosaic
  size_t row_byte_count;     ///< of the row-major layout
  uint32_t index_width;      ///< 0 to 16 bits
  uint32_t block_length;     ///< stride s of the blocks
  uint32_t motif_length;     ///< s (plain) or 2 s (overlapping)
  size_t block_count;        ///< blocks of one row
  const float *motifs;       ///< [2^index_width, motif_length]; used by `multiply_motifs`, which takes row-major only
  const float *transposed;   ///< [motif_length, padded 2^index_width]; used by `multiply_tables`
} momos_stage;

/// A stage of plain motifs without its zero blocks.
typedef struct {
  const uint32_t *starts;   ///< [rows + 1]: entries of row i are starts[i] to starts[i + 1] - 1
  const uint32_t *columns;  ///< of each entry, the first column of its block
  const uint16_t *indices;  ///< of each entry, its motif
  uint32_t block_length;
  const float *motifs;      ///< [2^index_width, block_length]
} momos_sparse_stage;

#if defined(__clang__)
#define MOMOS_SENDABLE __attribute__((swift_attr("@Sendable")))
#else
#define MOMOS_SENDABLE
#endif

/// The kernels of one instruction set; constant for the life of the process.
typedef struct MOMOS_SENDABLE {
  const char *name;

  /// For rows in [row_begin, row_end):
  ///   sum[row - row_begin] += sum over groups of (sum over blocks t of the group of table(t)[index(row, t)])
  /// where table(t)[m] = sum over o of motif m[o] * x[t * s + o], o ascending, each sum starting from its first
  /// product. A group is max(1, 256 / s) blocks.
  /// x: block_count * s + (motif_length - s) values, finite, zero beyond the matrix's columns.
  /// tables: scratch of `momos_table_scratch_count` floats. partial: scratch of row_end - row_begin floats.
  /// Returns the number of motif products computed.
  uint64_t (*multiply_tables)(const momos_stage *stage, const float *x, size_t row_begin, size_t row_end,
                              float *tables, float *partial, float *sum);

  /// The same sums, bit for bit, from one motif product per block and row: for few rows and many motifs. Returns the
  /// number of motif products computed.
  uint64_t (*multiply_motifs)(const momos_stage *stage, const float *x, size_t row_begin, size_t row_end,
                              float *sum);

  /// For rows in [row_begin, row_end) and vectors v in [0, lanes): sum[(row - row_begin) * lanes + v] += the sum over the
  /// entries of the row, from 0 on, of motif m[o] * x[(column + o) * lanes + v], o ascending. Lanes are MOMOS_LANES, or 1,
  /// where each entry is summed over o first and entries at even and at odd places add up apart. x: zero beyond the
  /// matrix's columns.
  void (*multiply_sparse)(const momos_sparse_stage *stage, const float *x, size_t lanes, size_t row_begin,
                          size_t row_end, float *sum);

  /// For each of `count` blocks the motif with the smallest squared distance, ties to the lowest index:
  /// the largest score[m] = (sum over o of block[o] * motif m[o], o ascending) - half_norms[m].
  /// blocks: [count, length], length 1 to MOMOS_MOST_SEARCHED_LENGTH. transposed: [length, padded] with padded a multiple of MOMOS_LANES,
  /// half_norms: [padded], +infinity beyond the last motif. nearest: [count], overwritten.
  /// scores: [count], the winning score of each block, or NULL.
  void (*nearest_motifs)(const float *blocks, size_t count, size_t length, const float *transposed,
                         const float *half_norms, size_t padded, uint16_t *nearest, float *scores);
} momos_kernel_table;

/// Floats that `multiply_tables` needs for tables of a stage.
size_t momos_table_scratch_count(const momos_stage *stage);

/// The table of an instruction set by its name ("scalar", "avx2", "avx512", "neon"), or NULL if this build or
/// this processor lacks it.
const momos_kernel_table *momos_kernels_named(const char *name);

/// The best table that this processor supports; never NULL.
const momos_kernel_table *momos_kernels_best(void);

/// Names of the instruction sets of this build, best first, NULL-terminated.
const char *const *momos_kernels_names(void);

/// Moves the chosen values of a vector: numbers[i] < 2^32 is where value i of the few lies among the many.
/// take: few[i] = many[numbers[i]]; put: many[numbers[i]] = few[i]; add: many[numbers[i]] += few[i], i ascending.
void momos_take_values(const float *many, const uint32_t *numbers, size_t count, float *few);
void momos_put_values(const float *few, const uint32_t *numbers, size_t count, float *many);
void momos_add_values(const float *few, const uint32_t *numbers, size_t count, float *many);

/// A fixed set of threads that share the tasks of one run after another.
typedef struct momos_pool momos_pool;

/// `thread_count` of at least 1 includes the caller of `momos_pool_run`. NULL if threads cannot be started.
momos_pool *momos_pool_create(int thread_count);
void momos_pool_destroy(momos_pool *pool);

/// Calls task(context, i) once for each i in [0, task_count), in any order, and returns when all have returned.
/// Runs of several callers follow one another. A task must not call `momos_pool_run` on its own pool.
void momos_pool_run(momos_pool *pool, size_t task_count, void (*task)(void *context, size_t i), void *context);

#endif
