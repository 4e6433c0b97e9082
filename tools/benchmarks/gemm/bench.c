// Times the kernels of momos_gemm.h against OpenBLAS (libopenblas-dev) on one thread, interleaved in one process.
//
//   clang -O2 -Wall -Wextra -Werror -ffp-contract=off -I../../../Sources/CMomosKernels/include
//     -I../../../Tests/KernelChecks
//     ../../../Sources/CMomosKernels/gemm_*.c bench.c -lm -ldl -o /tmp/gemm_bench
//   OPENBLAS_CORETYPE=SkylakeX taskset -c 0 /tmp/gemm_bench dense|sweep|mosaic|pages [runs] [instruction set]
//
// dense: weights of each type in three shapes.  sweep: time per vector of every batch from 1 to 130.
// mosaic: products of several recipes, row-major and in tile layouts.  pages: weights where a file is mapped, and
// copied into huge pages.  Figures are medians of `runs` (15) rounds, in GFLOP/s = 2 rows columns batch / time; "x" is
// the ratio to OpenBLAS. Matrices rotate: shapes called DRAM through 320 MB.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>

#include "samples.h"

typedef void sgemm(int, int, int, int, int, int, float, const float *, int, const float *, int, float, float *, int);
typedef void sgemv(int, int, int, int, float, const float *, int, const float *, int, float, float *, int);

static sgemm *blas_gemm;
static sgemv *blas_gemv;
static const momos_gemm_table *table;
static int rounds = 15;

enum { MOST_ROUNDS = 101, MOST_CONTENDERS = 5, MOST_COPIES = 16, MOST_BATCH = 512 };

/// One multiplication of matrix number `copy` with a batch.
typedef struct {
  const char *name;
  void (*run)(const void *weights, const momos_batch *batch, size_t rows, float *scratch);
  const void *weights[MOST_COPIES];
} contender;

typedef struct {
  size_t rows, columns, copies;
} shape;

/// Processor time of this thread, so that other load on the machine counts only through the caches.
static double seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/// One reservation that all arrays of a measurement are cut from, in huge pages where the system grants them.
static char *arena;
static size_t arena_used;

static const size_t arena_size = (size_t)3 << 30;

/// Zeroed memory until `release_all`. Arrays begin at different offsets within a page, as sections of a file do: arrays
/// that all begin alike compete for the same sets of every cache.
static void *pages(size_t byte_count) {
  if (!arena) {
    arena = mmap(NULL, arena_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (arena == MAP_FAILED) abort();
    madvise(arena, arena_size, MADV_HUGEPAGE);
  }
  char *const memory = arena + arena_used;
  arena_used += (byte_count + 63) / 64 * 64 + 37 * 64;
  if (arena_used > arena_size) abort();
  return memory;
}

static void release_all(void) {
  madvise(arena, arena_used, MADV_DONTNEED);
  arena_used = 0;
}

static void open_blas(void) {
  void *library = dlopen("libopenblas.so.0", RTLD_NOW);
  if (!library) {
    fprintf(stderr, "libopenblas.so.0 is missing: install libopenblas-dev\n");
    exit(1);
  }
  ((void (*)(int))dlsym(library, "openblas_set_num_threads"))(1);
  blas_gemm = (sgemm *)dlsym(library, "cblas_sgemm");
  blas_gemv = (sgemv *)dlsym(library, "cblas_sgemv");
  printf("OpenBLAS kernels %s, momos kernels %s, medians of %d\n",
         ((char *(*)(void))dlsym(library, "openblas_get_corename"))(), table->name, rounds);
}

static void run_blas(const void *weights, const momos_batch *batch, size_t rows, float *scratch) {
  const momos_dense_weight *dense = weights;
  const int m = (int)batch->batch, n = (int)rows, k = (int)dense->columns;
  (void)scratch;
  if (m == 1)
    blas_gemv(101, 111, n, k, 1, dense->weights, k, batch->x, 1, 0, batch->y, 1);
  else
    blas_gemm(101, 111, 112, m, n, k, 1, batch->x, (int)batch->x_stride, dense->weights, k, 0, batch->y,
              (int)batch->y_stride);
}

static void run_dense(const void *weights, const momos_batch *batch, size_t rows, float *scratch) {
  table->multiply_dense(weights, batch, 0, rows, scratch);
}

static void run_dense_pairs(const void *weights, const momos_batch *batch, size_t rows, float *scratch) {
  table->multiply_dense_pairs(weights, batch, 0, rows, scratch);
}

static void run_mosaic(const void *weights, const momos_batch *batch, size_t rows, float *scratch) {
  table->multiply_mosaic(weights, batch, 0, rows, scratch);
}

static void run_pairs(const void *weights, const momos_batch *batch, size_t rows, float *scratch) {
  table->multiply_mosaic_pairs(weights, batch, 0, rows, scratch);
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/// Median seconds of one multiplication by each contender; rounds take turns.
static void measure(const contender *contenders, size_t count, const shape *of, const momos_batch *batch,
                    float *scratch, double *medians) {
  static double times[MOST_CONTENDERS][MOST_ROUNDS];
  const double flops = 2.0 * (double)(of->rows * of->columns * batch->batch);
  const size_t repeats = 1 + (size_t)(2e8 / (flops + 4e6));
  size_t copy = 0;
  for (int round = -1; round < rounds; round++) {
    for (size_t c = 0; c < count; c++) {
      const double start = seconds();
      for (size_t i = 0; i < repeats; i++)
        contenders[c].run(contenders[c].weights[(copy + i) % of->copies], batch, of->rows, scratch);
      if (round >= 0) times[c][round] = (seconds() - start) / (double)repeats;
    }
    copy += repeats;
  }
  for (size_t c = 0; c < count; c++) {
    qsort(times[c], (size_t)rounds, sizeof(double), ascending);
    medians[c] = times[c][rounds / 2];
  }
}

static void print_medians(const contender *contenders, size_t count, const shape *of, size_t batch,
                          const double *medians) {
  printf("%5zu x %-5zu batch %3zu", of->rows, of->columns, batch);
  for (size_t c = 0; c < count; c++) {
    const double flops = 2.0 * (double)(of->rows * of->columns * batch);
    printf("  %s %6.1f", contenders[c].name, 1e-9 * flops / medians[c]);
    if (c > 0) printf(" x %4.2f", medians[0] / medians[c]);
  }
  printf("\n");
}

static momos_batch new_batch(const shape *of) {
  const size_t stride = of->columns;
  float *x = pages(MOST_BATCH * stride * sizeof(float));
  fill_gaussian(x, MOST_BATCH * stride);
  return (momos_batch){x, stride, pages(MOST_BATCH * of->rows * sizeof(float)), of->rows, 1, 0};
}

static momos_dense_weight *new_dense(const shape *of, momos_weight_type type) {
  const size_t count = of->rows * of->columns;
  momos_dense_weight *made = pages(sizeof *made);
  void *weights = pages(count * (type == MOMOS_WEIGHT_F32 ? 4 : 2));
  if (type == MOMOS_WEIGHT_F32)
    fill_gaussian(weights, count);
  else
    for (size_t i = 0; i < count; i++) ((uint16_t *)weights)[i] = (uint16_t)(random_bits() & 0xbbff);
  *made = (momos_dense_weight){weights, type, of->columns, of->columns};
  return made;
}

/// OpenBLAS, f32, f16, bf16, and bf16 in pairs for each batch; only the first two where `sweep`.
static void time_dense(const shape *of, const size_t *batches, size_t batch_count, int sweep) {
  contender contenders[MOST_CONTENDERS] = {
      {"openblas", run_blas, {0}}, {"f32", run_dense, {0}}, {"f16", run_dense, {0}}, {"bf16", run_dense, {0}},
      {"pairs", run_dense_pairs, {0}}};
  const size_t count = sweep ? 2 : table->multiply_dense_pairs ? MOST_CONTENDERS : MOST_CONTENDERS - 1;
  for (size_t i = 0; i < of->copies; i++) {
    contenders[0].weights[i] = contenders[1].weights[i] = new_dense(of, MOMOS_WEIGHT_F32);
    contenders[2].weights[i] = new_dense(of, MOMOS_WEIGHT_F16);
    contenders[3].weights[i] = contenders[4].weights[i] = new_dense(of, MOMOS_WEIGHT_BF16);
  }
  momos_batch batch = new_batch(of);
  float *scratch = pages(4 * momos_dense_scratch_count(contenders[1].weights[0], MOST_BATCH));
  double before = 0, medians[MOST_CONTENDERS];
  for (size_t b = 0; b < batch_count; b++) {
    batch.batch = batches[b];
    measure(contenders, count, of, &batch, scratch, medians);
    const double each = medians[1] / (double)batch.batch;
    if (sweep && before > 0) printf("%+5.0f %% ", 100 * (each / before - 1));
    before = each;
    print_medians(contenders, count, of, batch.batch, medians);
  }
  release_all();
}

static const size_t some_batches[] = {1, 2, 4, 8, 16, 17, 31, 32, 33, 48, 64, 96, 128, 512};

/// Block length, index width, whether motifs overlap and whether the layout is that of tiles, of up to two stages.
typedef struct {
  uint32_t s, width, overlapping, tiled;
} recipe;

/// The tile layout of a recipe. Where rows and columns fill whole tiles it takes as many bytes as the row-major one.
static momos_layout layout_of(recipe made) {
  if (!made.tiled) return MOMOS_LAYOUT_ROW_MAJOR;
  return made.width == 8 ? MOMOS_LAYOUT_TILE_K256 : made.width == 6 ? MOMOS_LAYOUT_TILE_K64 : MOMOS_LAYOUT_TILE_K16;
}

static momos_stage new_stage(const shape *of, recipe made) {
  const size_t motif_count = (size_t)1 << made.width;
  const uint32_t length = made.s * (made.overlapping ? 2 : 1);
  const size_t bytes = packed_byte_count((of->columns + made.s - 1) / made.s, made.width);
  float *motifs = pages(motif_count * length * sizeof(float));
  uint8_t *indices = pages(of->rows * bytes);
  fill_gaussian(motifs, motif_count * length);
  for (size_t i = 0; i < of->rows * bytes; i++) indices[i] = (uint8_t)random_bits();
  printf("s = %u, %zu motifs%s%s\n", made.s, motif_count, made.overlapping ? ", overlapping" : "",
         made.tiled ? ", tiles" : "");
  return (momos_stage){.indices = indices,
                       .layout = layout_of(made),
                       .row_count = of->rows,
                       .row_byte_count = bytes,
                       .index_width = made.width,
                       .block_length = made.s,
                       .motif_length = length,
                       .block_count = (of->columns + made.s - 1) / made.s,
                       .motifs = motifs};
}

static void time_mosaic(const shape *of, const recipe *recipes, size_t stage_count) {
  momos_stage stages[2];
  for (size_t i = 0; i < stage_count; i++) stages[i] = new_stage(of, recipes[i]);
  const momos_mosaic_weight weight = {.stages = stages, .stage_count = stage_count, .columns = of->columns};
  momos_dense_weight *dense = new_dense(of, MOMOS_WEIGHT_F32);
  contender contenders[] = {
      {"openblas", run_blas, {dense}}, {"f32", run_mosaic, {&weight}}, {"pairs", run_pairs, {&weight}}};
  momos_batch batch = new_batch(of);
  float *scratch = pages(4 * momos_mosaic_scratch_count(&weight, MOST_BATCH));
  for (size_t b = 0; b < sizeof some_batches / sizeof *some_batches; b++) {
    double medians[MOST_CONTENDERS];
    batch.batch = some_batches[b];
    const size_t count = table->multiply_mosaic_pairs ? 3 : 2;
    measure(contenders, count, of, &batch, scratch, medians);
    print_medians(contenders, count, of, batch.batch, medians);
  }
  release_all();
}

static void time_all_mosaics(void) {
  static const recipe recipes[][2] = {
      {{2, 8, 0, 0}},  {{4, 8, 0, 0}},  {{8, 8, 0, 0}}, {{4, 8, 1, 0}}, {{8, 12, 0, 0}}, {{8, 16, 0, 0}},
      {{3, 8, 0, 0}},  {{2, 8, 0, 1}},  {{4, 8, 0, 1}}, {{8, 8, 0, 1}}, {{16, 8, 0, 1}}, {{4, 8, 1, 1}},
      {{2, 6, 0, 1}},  {{4, 6, 1, 1}},  {{4, 4, 0, 1}}, {{8, 8, 0, 1}, {4, 4, 0, 1}}};
  const shape large = {4096, 4096, 1};
  for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++)
    time_mosaic(&large, recipes[i], 1 + (recipes[i][1].s > 0));
}

/// The same bytes, mapped from a temporary file.
static void *mapped(const void *bytes, size_t byte_count) {
  FILE *file = tmpfile();
  if (!file || fwrite(bytes, 1, byte_count, file) != byte_count || fflush(file) != 0) abort();
  void *memory = mmap(NULL, byte_count, PROT_READ, MAP_SHARED, fileno(file), 0);
  if (memory == MAP_FAILED) abort();
  fclose(file);
  return memory;
}

/// Few vectors times float32 weights from memory, from a file and from huge pages.
static void time_pages(void) {
  static const shape of = {4096, 4096, 5};
  static const size_t batches[] = {1, 4};
  contender contenders[] = {{"mapped", run_dense, {0}}, {"huge pages", run_dense, {0}}};
  for (size_t i = 0; i < of.copies; i++) {
    momos_dense_weight *const copied = new_dense(&of, MOMOS_WEIGHT_F32), *const other = pages(sizeof *other);
    *other = *copied;
    other->weights = mapped(copied->weights, of.rows * of.columns * sizeof(float));
    contenders[0].weights[i] = other;
    contenders[1].weights[i] = copied;
  }
  momos_batch batch = new_batch(&of);
  float *scratch = pages(4 * momos_dense_scratch_count(contenders[1].weights[0], MOST_BATCH));
  for (size_t b = 0; b < 2; b++) {
    double medians[MOST_CONTENDERS];
    batch.batch = batches[b];
    measure(contenders, 2, &of, &batch, scratch, medians);
    print_medians(contenders, 2, &of, batch.batch, medians);
  }
  release_all();
}

static const shape shapes[] = {{4096, 4096, 5}, {1536, 384, 1}, {384, 1536, 1}};

static void time_all_batches(void) {
  size_t batches[130];
  for (size_t i = 0; i < 130; i++) batches[i] = i + 1;
  for (size_t i = 1; i < 3; i++) time_dense(&shapes[i], batches, 130, 1);
}

int main(int count, char **arguments) {
  const char *const mode = count > 1 ? arguments[1] : "dense";
  if (count > 2) rounds = atoi(arguments[2]);
  rounds = rounds < 1 ? 1 : rounds > MOST_ROUNDS ? MOST_ROUNDS : rounds;
  table = count > 3 ? momos_gemm_named(arguments[3]) : momos_gemm_best();
  if (!table) return 1;
  open_blas();
  const size_t batch_count = sizeof some_batches / sizeof *some_batches;
  if (strcmp(mode, "dense") == 0)
    for (size_t i = 0; i < 3; i++) time_dense(&shapes[i], some_batches, batch_count, 0);
  if (strcmp(mode, "sweep") == 0) time_all_batches();
  if (strcmp(mode, "mosaic") == 0) time_all_mosaics();
  if (strcmp(mode, "pages") == 0) time_pages();
  return 0;
}
