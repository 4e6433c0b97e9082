// Times the table kernels on one thread: from memory and from the cache, against a plain read of the same bytes and
// OpenBLAS sgemv and sgemm, all in turn. Medians, in 10^9 weights of the dense matrix a second.
//
// taskset -c 1 .build/benchmark [kernels] [part of a line's name]
// .build/benchmark threads: one thread against two, in time on the clock
// .build/benchmark pages: indices where a file is mapped against huge pages, from memory

#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "lookup_fixture.h"
#include "momos_kernels.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define MOST_STAGES 3
#define ROUNDS 41

/// Matrices in rotation fill this, eight times the last-level cache; those "in the cache" fill a quarter of it.
#define MEMORY_BYTES ((size_t)256 << 20)
#define CACHE_BYTES ((size_t)8 << 20)

typedef void gemv_function(int order, int transpose, int rows, int columns, float alpha, const float *a, int lda,
                           const float *x, int x_step, float beta, float *y, int y_step);
typedef void gemm_function(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha,
                           const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc);

static gemv_function *sgemv;
static gemm_function *sgemm;
static const momos_lut_kernels *kernels;

static void load_openblas(void) {
  setenv("OPENBLAS_NUM_THREADS", "1", 1);
  void *library = dlopen("libopenblas.so.0", RTLD_NOW);
  if (!library) return;
  sgemv = (gemv_function *)dlsym(library, "cblas_sgemv");
  sgemm = (gemm_function *)dlsym(library, "cblas_sgemm");
}

/// Processor time of this thread: time slices of other programs do not count.
static double seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/// Random bytes in large pages.
static uint8_t *random_memory(size_t byte_count) {
  uint8_t *memory = mmap(NULL, byte_count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) exit(70);
  madvise(memory, byte_count, MADV_HUGEPAGE);
  uint64_t state = 1;
  for (size_t i = 0; i < byte_count; i += 8) *(uint64_t *)(void *)(memory + i) = next_random(&state);
  return memory;
}

/// Loads every line.
__attribute__((noinline)) static void read_bytes(const uint8_t *memory, size_t byte_count) {
  for (size_t i = 0; i + 256 <= byte_count; i += 256) {
#if defined(__x86_64__)
    __asm__ volatile(
        "vmovdqu (%0), %%ymm0\n vmovdqu 32(%0), %%ymm1\n vmovdqu 64(%0), %%ymm2\n vmovdqu 96(%0), %%ymm3\n"
        "vmovdqu 128(%0), %%ymm4\n vmovdqu 160(%0), %%ymm5\n vmovdqu 192(%0), %%ymm6\n vmovdqu 224(%0), %%ymm7" ::
            "r"(memory + i)
        : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7");
#else
    for (size_t j = 0; j < 256; j += 64) __asm__ volatile("" ::"r"(*(const volatile uint64_t *)(memory + i + j)));
#endif
  }
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *values, size_t count) {
  qsort(values, count, sizeof *values, ascending);
  return values[count / 2];
}

/// Something that multiplies matrices in rotation.
typedef struct runner {
  void (*multiply)(const struct runner *runner, size_t matrix);
  size_t matrix_count;  ///< in rotation
  size_t calls;         ///< of one round
  const uint8_t *memory;
  size_t matrix_bytes;
  size_t rows, columns, batch;
  momos_lut_matrix lut;
  void *scratch;
  float *x, *y;
  size_t next;
  double times[ROUNDS];
} runner;

static void run_read(const runner *r, size_t i) { read_bytes(r->memory + i * r->matrix_bytes, r->matrix_bytes); }

static void run_lut(const runner *r, size_t i) {
  momos_lut_stage stages[MOST_STAGES];
  momos_lut_matrix matrix = r->lut;
  const uint8_t *indices = r->memory + i * r->matrix_bytes;
  for (size_t s = 0; s < matrix.stage_count; s++) {
    const momos_lut_dictionary *dictionary = r->lut.stages[s].dictionary;
    stages[s] = (momos_lut_stage){indices, dictionary};
    indices += momos_lut_index_bytes(dictionary->layout, r->rows, r->columns / dictionary->block_length);
  }
  matrix.stages = stages;
  memset(r->y, 0, r->batch * r->rows * sizeof *r->y);
  momos_lut_multiply(kernels, &matrix, r->x, r->columns, r->batch, 0, r->rows, r->scratch, r->y, r->rows);
}

static void run_blas(const runner *r, size_t i) {
  const float *matrix = (const float *)(const void *)(r->memory + i * r->matrix_bytes);
  const int rows = (int)r->rows, columns = (int)r->columns, batch = (int)r->batch;
  if (r->batch == 1)
    sgemv(101, 111, rows, columns, 1, matrix, columns, r->x, 1, 0, r->y, 1);
  else
    sgemm(101, 111, 112, batch, rows, columns, 1, r->x, columns, matrix, columns, 0, r->y, rows);
}

static void run_round(runner *r, size_t round) {
  const double start = seconds();
  for (size_t i = 0; i < r->calls; i++, r->next++) r->multiply(r, r->next % r->matrix_count);
  r->times[round] = (seconds() - start) / (double)r->calls;
}

/// Sets how many matrices rotate, and repeats calls for at least about a millisecond.
static void set_rotation(runner *r, size_t byte_count) {
  r->matrix_count = byte_count / r->matrix_bytes > 0 ? byte_count / r->matrix_bytes : 1;
  r->calls = 1;
  r->multiply(r, 0);
  const double start = seconds();
  r->multiply(r, 0);
  const double once = seconds() - start;
  while ((double)r->calls * once < 1e-3) r->calls *= 2;
}

typedef struct {
  const char *name;
  size_t rows, columns, batch;
  size_t stage_count;
  stage_kind kinds[MOST_STAGES];
} line;

/// Lines say in their names which class they are of.
#define ONE_PLANE "one plane"

/// Prints: read, LUT from memory, LUT from the cache, BLAS from memory, BLAS from the cache.
static void print_line(const line *line, runner *runners, size_t matrix_bytes) {
  double medians[5];
  for (size_t i = 0; i < 5; i++) medians[i] = median(runners[i].times, ROUNDS);
  const double work = (double)(line->rows * line->columns * line->batch) * 1e-9;
  const double read = medians[0], memory = medians[1], cache = medians[2];
  const double slower = read > cache ? read : cache;
  printf("%-28s %5zux%-5zu %4zu %5.2f %6.1f %6.0f/%-4.0f %6.0f/%-4.0f %5.0f%% %6.1f %6.1f %6.1fx %6.1fx\n",
         line->name, line->rows, line->columns, line->batch,
         8.0 * (double)matrix_bytes / (double)(line->rows * line->columns), (double)matrix_bytes * 1e-9 / read,
         work / memory, work / runners[1].times[0], work / cache, work / runners[2].times[0], 100 * slower / memory,
         work / medians[3], work / medians[4], medians[3] / memory, medians[4] / cache);
  fflush(stdout);
}

/// What all contenders of a line share, with matrices of its stages and without a kernel or memory.
static runner new_runner(const line *line, random_stage *stages, momos_lut_stage *views) {
  size_t matrix_bytes = 0;
  for (size_t i = 0; i < line->stage_count; i++) {
    stages[i] = make_stage(line->kinds[i], 64, 256, i);
    views[i] = (momos_lut_stage){NULL, &stages[i].dictionary};
    matrix_bytes +=
        momos_lut_index_bytes(line->kinds[i].layout, line->rows, line->columns / line->kinds[i].block_length);
  }
  const momos_lut_matrix lut = {.stages = views,
                                .stage_count = line->stage_count,
                                .rows = line->rows,
                                .columns = line->columns,
                                .allows_one_plane = strstr(line->name, ONE_PLANE) != NULL};
  runner base = {.rows = line->rows, .columns = line->columns, .batch = line->batch, .lut = lut};
  base.matrix_bytes = matrix_bytes;
  base.scratch = aligned_bytes(momos_lut_scratch_bytes(&lut, line->batch, line->rows));
  base.x = aligned_bytes(line->batch * line->columns * sizeof(float));
  base.y = aligned_bytes(line->batch * line->rows * sizeof(float));
  uint64_t state = 7;
  for (size_t i = 0; i < line->batch * line->columns; i++) base.x[i] = (float)next_gaussian(&state);
  return base;
}

static void free_runner(runner *done, random_stage *stages) {
  for (size_t i = 0; i < done->lut.stage_count; i++) free_stage(stages + i);
  free(done->scratch);
  free(done->x);
  free(done->y);
}

static void run_line(const line *line, const uint8_t *memory, const float *dense) {
  random_stage stages[MOST_STAGES];
  momos_lut_stage views[MOST_STAGES];
  runner base = new_runner(line, stages, views);
  runner runners[5] = {base, base, base, base, base};
  for (size_t i = 0; i < 5; i++) {
    const bool is_dense = i >= 3;
    runners[i].multiply = i == 0 ? run_read : is_dense ? run_blas : run_lut;
    runners[i].memory = is_dense ? (const uint8_t *)dense : memory;
    if (is_dense) runners[i].matrix_bytes = line->rows * line->columns * sizeof(float);
    if (is_dense && !sgemv) runners[i].multiply = run_read;
    set_rotation(runners + i, i == 2 || i == 4 ? CACHE_BYTES : MEMORY_BYTES);
  }
  for (size_t round = 0; round < ROUNDS; round++)
    for (size_t i = 0; i < 5; i++) run_round(runners + i, round);
  print_line(line, runners, base.matrix_bytes);
  free_runner(&base, stages);
}

#define K256(s, overlapping, antipodal) {"", MOMOS_LUT_K256, s, overlapping, antipodal}
#define K64(s, overlapping) {"", MOMOS_LUT_K64, s, overlapping, true}
#define K16(s, overlapping) {"", MOMOS_LUT_K16, s, overlapping, true}

static const line lines[] = {
    {"s16k256", 4096, 4096, 1, 1, {K256(16, false, false)}},
    {"s16k256 antipodal", 4096, 4096, 1, 1, {K256(16, false, true)}},
    {"s8k256", 4096, 4096, 1, 1, {K256(8, false, false)}},
    {"s8k256 antipodal", 4096, 4096, 1, 1, {K256(8, false, true)}},
    {"s4k256", 4096, 4096, 1, 1, {K256(4, false, false)}},
    {"s4k256 antipodal", 4096, 4096, 1, 1, {K256(4, false, true)}},
    {"s4k256 antip overlapping", 4096, 4096, 1, 1, {K256(4, true, true)}},
    {"s2k256", 4096, 4096, 1, 1, {K256(2, false, false)}},
    {"s2k256 antipodal", 4096, 4096, 1, 1, {K256(2, false, true)}},
    {"s2k256 antip overlapping", 4096, 4096, 1, 1, {K256(2, true, true)}},
    {"s4k64", 4096, 4096, 1, 1, {K64(4, false)}},
    {"s4k64 overlapping", 4096, 4096, 1, 1, {K64(4, true)}},
    {"s2k64", 4096, 4096, 1, 1, {K64(2, false)}},
    {"s2k64 overlapping", 4096, 4096, 1, 1, {K64(2, true)}},
    {"s4k16", 4096, 4096, 1, 1, {K16(4, false)}},
    {"s2k16", 4096, 4096, 1, 1, {K16(2, false)}},
    {"s8 + s8 antipodal", 4096, 4096, 1, 2, {K256(8, false, true), K256(8, false, true)}},
    {"s16 + s8 antipodal", 4096, 4096, 1, 2, {K256(16, false, true), K256(8, false, true)}},
    {"s8 + s4k16", 4096, 4096, 1, 2, {K256(8, false, true), K16(4, false)}},
    {"s8 + s4k64", 4096, 4096, 1, 2, {K256(8, false, true), K64(4, false)}},
    {"s8 + s4 antipodal", 4096, 4096, 1, 2, {K256(8, false, true), K256(4, false, true)}},
    {"s4 + s4 antipodal", 4096, 4096, 1, 2, {K256(4, false, true), K256(4, false, true)}},
    {"s8 + s4 + s4k16", 4096, 4096, 1, 3, {K256(8, false, true), K256(4, false, true), K16(4, false)}},
    {"s8k256 antipodal", 11008, 4096, 1, 1, {K256(8, false, true)}},
    {"s8k256 antipodal", 384, 1536, 1, 1, {K256(8, false, true)}},
    {"s8k256 antipodal", 1536, 384, 1, 1, {K256(8, false, true)}},
    {"s4k256 antipodal", 384, 1536, 1, 1, {K256(4, false, true)}},
    {"s4k16", 384, 1536, 1, 1, {K16(4, false)}},
    {"s16k256 antip " ONE_PLANE, 4096, 4096, 1, 1, {K256(16, false, true)}},
    {"s8k256 antip " ONE_PLANE, 4096, 4096, 1, 1, {K256(8, false, true)}},
    {"s4k256 antip " ONE_PLANE, 4096, 4096, 1, 1, {K256(4, false, true)}},
    {"s2k256 antip " ONE_PLANE, 4096, 4096, 1, 1, {K256(2, false, true)}},
    {"s4k64 " ONE_PLANE, 4096, 4096, 1, 1, {K64(4, false)}},
    {"s4k16 " ONE_PLANE, 4096, 4096, 1, 1, {K16(4, false)}},
    {"s8k256 antip " ONE_PLANE, 384, 1536, 1, 1, {K256(8, false, true)}},
    {"s4k256 antip " ONE_PLANE, 384, 1536, 1, 1, {K256(4, false, true)}},
    {"s4k16 " ONE_PLANE, 384, 1536, 1, 1, {K16(4, false)}},
};

/// A product split among the threads of a pool by rows.
typedef struct {
  momos_lut_matrix matrix;
  size_t tasks;
  const float *x;
  float *y;
  uint8_t *scratch;
  size_t scratch_bytes;
} shared_product;

static void multiply_share(void *context, size_t task) {
  const shared_product *product = context;
  const size_t strips = product->matrix.rows / 64;
  const size_t begin = strips * task / product->tasks * 64, end = strips * (task + 1) / product->tasks * 64;
  momos_lut_multiply(kernels, &product->matrix, product->x, product->matrix.columns, 1, begin, end,
                     product->scratch + task * product->scratch_bytes, product->y, product->matrix.rows);
}

static double clock_seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/// One thread and two, a round of all matrices in rotation each, in turn.
static void run_threads(const uint8_t *memory, size_t rows, size_t columns) {
  random_stage stage = make_stage((stage_kind)K256(8, false, true), 64, 256, 0);
  momos_lut_stage view = {NULL, &stage.dictionary};
  shared_product product = {.matrix = {.stages = &view, .stage_count = 1, .rows = rows, .columns = columns}};
  const size_t matrix_bytes = momos_lut_index_bytes(stage.dictionary.layout, rows, columns / 8);
  product.scratch_bytes = (momos_lut_scratch_bytes(&product.matrix, 1, rows) + 4095) / 4096 * 4096;
  product.scratch = aligned_bytes(2 * product.scratch_bytes);
  float *x = aligned_bytes(columns * sizeof(float));
  uint64_t state = 7;
  for (size_t i = 0; i < columns; i++) x[i] = (float)next_gaussian(&state);
  product.x = x;
  product.y = aligned_bytes(rows * sizeof(float));
  momos_pool *pool = momos_pool_create(2);
  double times[2][ROUNDS], ratios[ROUNDS];
  for (size_t round = 0; round < ROUNDS; round++) {
    for (size_t threads = 1; threads <= 2; threads++) {
      product.tasks = threads;
      const double start = clock_seconds();
      for (size_t i = 0; i < MEMORY_BYTES / matrix_bytes; i++) {
        view.indices = memory + i * matrix_bytes;
        memset(product.y, 0, rows * sizeof *product.y);
        if (threads == 1)
          multiply_share(&product, 0);
        else
          momos_pool_run(pool, threads, multiply_share, &product);
      }
      times[threads - 1][round] = (clock_seconds() - start) / (double)(MEMORY_BYTES / matrix_bytes);
    }
    ratios[round] = times[0][round] / times[1][round];
  }
  const double work = (double)(rows * columns) * 1e-9, ratio = median(ratios, ROUNDS);
  printf("s8k256 antipodal %zux%zu from memory: one thread %.0f, two threads %.0f, ratio %.2f (best %.2f)\n", rows,
         columns, work / median(times[0], ROUNDS), work / median(times[1], ROUNDS), ratio, ratios[ROUNDS - 1]);
  momos_pool_destroy(pool);
  free_stage(&stage);
  free(product.scratch);
  free(x);
  free(product.y);
}

/// The same bytes, mapped from a temporary file.
static const uint8_t *mapped_memory(const uint8_t *memory, size_t byte_count) {
  FILE *file = tmpfile();
  if (!file || fwrite(memory, 1, byte_count, file) != byte_count || fflush(file) != 0) exit(74);
  const uint8_t *mapped = mmap(NULL, byte_count, PROT_READ, MAP_PRIVATE, fileno(file), 0);
  if (mapped == MAP_FAILED) exit(70);
  fclose(file);
  return mapped;
}

/// A plain read and the kernel, each from a mapped file and from huge pages, in turn.
static void run_pages_line(const line *line, const uint8_t *memory, const uint8_t *mapped) {
  random_stage stages[MOST_STAGES];
  momos_lut_stage views[MOST_STAGES];
  runner base = new_runner(line, stages, views);
  runner runners[4] = {base, base, base, base};
  for (size_t i = 0; i < 4; i++) {
    runners[i].multiply = i < 2 ? run_read : run_lut;
    runners[i].memory = i % 2 ? memory : mapped;
    set_rotation(runners + i, MEMORY_BYTES);
  }
  for (size_t round = 0; round < ROUNDS; round++)
    for (size_t i = 0; i < 4; i++) run_round(runners + i, round);
  double medians[4];
  for (size_t i = 0; i < 4; i++) medians[i] = median(runners[i].times, ROUNDS);
  const double bytes = (double)base.matrix_bytes * 1e-9, work = (double)(line->rows * line->columns) * 1e-9;
  printf("%-28s %5zux%-5zu %6.1f %6.1f %5.2fx %6.0f/%-4.0f %6.0f/%-4.0f %5.2fx\n", line->name, line->rows,
         line->columns, bytes / medians[0], bytes / medians[1], medians[0] / medians[1], work / medians[2],
         work / runners[2].times[0], work / medians[3], work / runners[3].times[0], medians[2] / medians[3]);
  fflush(stdout);
  free_runner(&base, stages);
}

static void run_pages(const uint8_t *memory) {
  static const char *const names[] = {"s16k256 antipodal", "s8k256 antipodal", "s4k256 antipodal", "s2k256 antipodal",
                                      "s4k16", "s8 + s8 antipodal"};
  const uint8_t *mapped = mapped_memory(memory, MEMORY_BYTES);
  printf("%-28s %11s %6s %6s %6s %11s %11s %6s\n", "stages", "shape", "read", "huge", "x", "mapped", "huge pages", "x");
  for (size_t i = 0; i < COUNT(lines); i++)
    for (size_t n = 0; n < COUNT(names); n++)
      if (strcmp(lines[i].name, names[n]) == 0 && lines[i].rows == 4096) run_pages_line(lines + i, memory, mapped);
}

static const size_t batches[] = {2, 4, 8, 16, 32, 64, 128, 512};

int main(int count, char **arguments) {
  const char *name = count > 1 ? arguments[1] : "";
  const char *part = count > 2 ? arguments[2] : "";
  if (strcmp(name, "threads") == 0) {
    kernels = momos_lut_best();
    const uint8_t *memory = random_memory(MEMORY_BYTES);
    run_threads(memory, 4096, 4096);
    run_threads(memory, 11008, 4096);
    return 0;
  }
  if (strcmp(name, "pages") == 0) {
    kernels = momos_lut_best();
    run_pages(random_memory(MEMORY_BYTES));
    return 0;
  }
  kernels = *name ? momos_lut_named(name) : momos_lut_best();
  if (!kernels) {
    fprintf(stderr, "no kernels named %s\n", name);
    return 64;
  }
  load_openblas();
  uint8_t *memory = random_memory(MEMORY_BYTES);
  float *dense = (float *)(void *)random_memory(MEMORY_BYTES);
  uint64_t state = 3;
  for (size_t i = 0; i < MEMORY_BYTES / sizeof *dense; i++)
    dense[i] = (float)(int32_t)next_random(&state) * 0x1p-31f;
  printf("%-28s %11s %4s %5s %6s %11s %11s %6s %6s %6s %7s %7s\n", "stages", "shape", "B", "bits", "read", "memory",
         "cache", "held", "blas", "cached", "x blas", "x");
  for (size_t i = 0; i < COUNT(lines); i++)
    if (strstr(lines[i].name, part)) run_line(lines + i, memory, dense);
  for (size_t i = 0; i < COUNT(batches); i++) {
    line batched = {"batch s8k256 antipodal", 4096, 4096, batches[i], 1, {K256(8, false, true)}};
    if (strstr(batched.name, part)) run_line(&batched, memory, dense);
  }
  return 0;
}
