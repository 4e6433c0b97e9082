/* What momos.h promises: wrong arguments are errors, objects are freed in any order, threads do not disturb each other,
 * processes fork.
 *
 * Usage: abi_check DIGITS.momos WEIGHTS_FOLDER GRAPH.json OUTPUT_FOLDER
 */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <momos.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int failure_count;

#define EXPECT(condition)                                              \
  do {                                                                 \
    if (!(condition)) {                                                \
      failure_count += 1;                                              \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
    }                                                                  \
  } while (0)

/* The status is the expected one, and failures say something on one line. */
#define STATUS(expected, call)                                                                        \
  do {                                                                                                \
    momos_status found = (call);                                                                      \
    if (found != (expected) || (found != MOMOS_OK && (!*momos_error_text() || strchr(momos_error_text(), '\n')))) { \
      failure_count += 1;                                                                             \
      fprintf(stderr, "%s:%d: %s gave %d: %s\n", __FILE__, __LINE__, #call, (int)found, momos_error_text()); \
    }                                                                                                 \
  } while (0)

static unsigned char *read_file(const char *path, size_t *byte_count) {
  FILE *file = fopen(path, "rb");
  if (!file) exit(2);
  fseek(file, 0, SEEK_END);
  *byte_count = (size_t)ftell(file);
  rewind(file);
  unsigned char *bytes = aligned_alloc(64, (*byte_count + 127) / 64 * 64);
  if (fread(bytes, 1, *byte_count, file) != *byte_count) exit(2);
  fclose(file);
  return bytes;
}

static int release_count;
static void count_release(const void *bytes, void *context) {
  (void)bytes;
  *(int *)context += 1;
}

static momos_model *open_model(const char *path) {
  momos_model *model = NULL;
  STATUS(MOMOS_OK, momos_open(path, MOMOS_LOAD_MAP, &model));
  return model;
}

static size_t number_of(const momos_model *model, const char *name) {
  size_t number = 0;
  STATUS(MOMOS_OK, momos_tensor_find(model, name, &number));
  return number;
}

static void check_null_pointers(void) {
  momos_model *model = NULL;
  momos_tensor *tensor = NULL;
  momos_matrix *matrix = NULL;
  momos_session *session = NULL;
  momos_run *run = NULL;
  char *text = NULL;
  size_t number = 0;
  float value = 0;
  int64_t row = 0;
  momos_tensor_facts tensor_facts = {.struct_byte_count = sizeof tensor_facts};
  momos_value_facts value_facts = {.struct_byte_count = sizeof value_facts};
  momos_array array = {.struct_byte_count = sizeof array};
  STATUS(MOMOS_USAGE, momos_open(NULL, MOMOS_LOAD_MAP, &model));
  STATUS(MOMOS_USAGE, momos_open("x", MOMOS_LOAD_MAP, NULL));
  STATUS(MOMOS_USAGE, momos_open("x", 7, &model));
  STATUS(MOMOS_USAGE, momos_open("\xff\xfe", MOMOS_LOAD_MAP, &model));
  STATUS(MOMOS_USAGE, momos_open_memory(NULL, 0, NULL, NULL, &model));
  STATUS(MOMOS_USAGE, momos_open_memory("x", SIZE_MAX, NULL, NULL, &model));
  STATUS(MOMOS_BAD_DATA, momos_open_memory("x", 1, NULL, NULL, &model));
  STATUS(MOMOS_USAGE, momos_open_memory("x", 1, NULL, NULL, NULL));
  STATUS(MOMOS_MISSING, momos_open("/nowhere/at/all.momos", MOMOS_LOAD_COPY, &model));
  STATUS(MOMOS_USAGE, momos_check(NULL));
  STATUS(MOMOS_USAGE, momos_inspect(NULL, 0, &text));
  STATUS(MOMOS_USAGE, momos_graph(NULL, &text));
  STATUS(MOMOS_USAGE, momos_tensor_describe(NULL, 0, &tensor_facts));
  STATUS(MOMOS_USAGE, momos_tensor_find(NULL, "x", &number));
  STATUS(MOMOS_USAGE, momos_tensor_load(NULL, 0, &tensor));
  STATUS(MOMOS_USAGE, momos_tensor_read(NULL, &value, sizeof value));
  STATUS(MOMOS_USAGE, momos_tensor_read_rows(NULL, &row, 1, &value, sizeof value));
  STATUS(MOMOS_USAGE, momos_matrix_load(NULL, 0, NULL, &matrix));
  STATUS(MOMOS_USAGE, momos_matrix_multiply(NULL, 1, &value, 1, &value, 1));
  STATUS(MOMOS_USAGE, momos_session_create(NULL, NULL, &session));
  STATUS(MOMOS_USAGE, momos_session_describe_input(NULL, 0, &value_facts));
  STATUS(MOMOS_USAGE, momos_session_describe_output(NULL, 0, &value_facts));
  STATUS(MOMOS_USAGE, momos_run_create(NULL, &run));
  STATUS(MOMOS_USAGE, momos_run_set_input(NULL, 0, MOMOS_FLOAT32, &row, 1, &value, 4));
  STATUS(MOMOS_USAGE, momos_run_execute(NULL));
  STATUS(MOMOS_USAGE, momos_run_output(NULL, 0, &array));
  EXPECT(strcmp(momos_error_text(), "run: expected a pointer, found NULL") == 0);
  STATUS(MOMOS_USAGE, momos_convert(NULL, NULL, NULL, NULL));
  STATUS(MOMOS_USAGE, momos_verify(NULL, NULL, NULL, NULL));
  EXPECT(!model && !tensor && !matrix && !session && !run && !text);
  EXPECT(momos_tensor_count(NULL) == 0 && momos_matrix_rows(NULL) == 0 && momos_matrix_columns(NULL) == 0);
  EXPECT(momos_session_input_count(NULL) == 0 && momos_session_output_count(NULL) == 0);
  EXPECT(momos_tensor_view(NULL) == NULL);
  momos_model_free(NULL);
  momos_tensor_free(NULL);
  momos_matrix_free(NULL);
  momos_session_free(NULL);
  momos_run_free(NULL);
  momos_text_free(NULL);
}

static void check_versions(void) {
  EXPECT(momos_abi_version() == MOMOS_ABI_VERSION);
  EXPECT(strcmp(momos_version(), "") != 0 && strcmp(momos_format_version(), "") != 0);
  EXPECT(momos_element_byte_count(MOMOS_FLOAT64) == 8 && momos_element_byte_count(MOMOS_BFLOAT16) == 2);
  EXPECT(momos_element_byte_count(MOMOS_UNKNOWN) == 0 && momos_element_byte_count(-1) == 0);
}

static void check_tensors(const char *path) {
  momos_model *model = open_model(path);
  size_t count = momos_tensor_count(model), number = 99;
  EXPECT(count == 6);
  STATUS(MOMOS_MISSING, momos_tensor_find(model, "no such tensor", &number));
  STATUS(MOMOS_USAGE, momos_tensor_find(model, NULL, &number));
  EXPECT(number == 99);
  momos_tensor_facts facts = {.struct_byte_count = sizeof facts};
  STATUS(MOMOS_USAGE, momos_tensor_describe(model, count, &facts));
  STATUS(MOMOS_USAGE, momos_tensor_describe(model, SIZE_MAX, &facts));
  facts.struct_byte_count = 0;
  STATUS(MOMOS_USAGE, momos_tensor_describe(model, 0, &facts));
  facts = (momos_tensor_facts){.struct_byte_count = offsetof(momos_tensor_facts, alias_target), .alias_target = path};
  STATUS(MOMOS_OK, momos_tensor_describe(model, 0, &facts));
  EXPECT(facts.name && facts.alias_target == path && facts.bits == 0);

  size_t weight = number_of(model, "fc1.weight");
  facts = (momos_tensor_facts){.struct_byte_count = sizeof facts};
  STATUS(MOMOS_OK, momos_tensor_describe(model, weight, &facts));
  EXPECT(strcmp(facts.name, "fc1.weight") == 0 && !facts.alias_target && *facts.form);
  EXPECT(facts.kind == MOMOS_MOSAIC && facts.element_type == MOMOS_FLOAT32 && facts.rank == 2);
  EXPECT(facts.dimensions[0] == 256 && facts.dimensions[1] == 64 && facts.element_count == 256 * 64);
  EXPECT(facts.byte_count == 256 * 64 * 4 && facts.matrix_rows == 256 && facts.matrix_columns == 64 && facts.bits > 0);

  momos_tensor *tensor = NULL, *bias = NULL;
  STATUS(MOMOS_USAGE, momos_tensor_load(model, count, &tensor));
  STATUS(MOMOS_OK, momos_tensor_load(model, weight, &tensor));
  STATUS(MOMOS_OK, momos_tensor_load(model, number_of(model, "fc1.bias"), &bias));
  STATUS(MOMOS_OK, momos_check(model));
  momos_model_free(model);

  /* Loaded tensors do not need the model. */
  float *values = malloc(256 * 64 * 4), rows[3 * 64];
  STATUS(MOMOS_USAGE, momos_tensor_read(tensor, values, 256 * 64 * 4 - 1));
  STATUS(MOMOS_USAGE, momos_tensor_read(tensor, NULL, 256 * 64 * 4));
  STATUS(MOMOS_OK, momos_tensor_read(tensor, values, 256 * 64 * 4));
  const int64_t numbers[] = {255, 0, 255};
  STATUS(MOMOS_OK, momos_tensor_read_rows(tensor, numbers, 3, rows, sizeof rows));
  for (int row = 0; row < 3; row += 1) EXPECT(memcmp(rows + row * 64, values + numbers[row] * 64, 64 * 4) == 0);
  STATUS(MOMOS_USAGE, momos_tensor_read_rows(tensor, numbers, 3, rows, sizeof rows - 4));
  STATUS(MOMOS_USAGE, momos_tensor_read_rows(tensor, (int64_t[]){256}, 1, rows, 256));
  STATUS(MOMOS_USAGE, momos_tensor_read_rows(tensor, (int64_t[]){-1}, 1, rows, 256));
  STATUS(MOMOS_USAGE, momos_tensor_read_rows(tensor, numbers, SIZE_MAX, rows, sizeof rows));
  STATUS(MOMOS_USAGE, momos_tensor_read_rows(tensor, numbers, SIZE_MAX / 4, rows, sizeof rows));
  STATUS(MOMOS_USAGE, momos_tensor_read_rows(tensor, NULL, 1, rows, 256));
  STATUS(MOMOS_OK, momos_tensor_read_rows(tensor, NULL, 0, NULL, 0));
  EXPECT(momos_tensor_view(tensor) == NULL);
  const float *view = momos_tensor_view(bias);
  STATUS(MOMOS_OK, momos_tensor_read(bias, values, 256 * 4));
  EXPECT(view && memcmp(view, values, 256 * 4) == 0);
  free(values);
  momos_tensor_free(bias);
  momos_tensor_free(tensor);
}

static void check_matrix(const char *path) {
  momos_model *model = open_model(path);
  size_t weight = number_of(model, "fc1.weight");
  momos_matrix *matrix = NULL;
  momos_execution_options options = {.struct_byte_count = sizeof options, .precision = MOMOS_EXACT, .thread_count = 2};
  STATUS(MOMOS_BAD_DATA, momos_matrix_load(model, number_of(model, "fc1.bias"), NULL, &matrix));
  STATUS(MOMOS_USAGE, momos_matrix_load(model, 99, NULL, &matrix));
  options.precision = 9;
  STATUS(MOMOS_USAGE, momos_matrix_load(model, weight, &options, &matrix));
  options.precision = MOMOS_EXACT;
  options.thread_count = -1;
  STATUS(MOMOS_USAGE, momos_matrix_load(model, weight, &options, &matrix));
  options.thread_count = 2;
  options.struct_byte_count = 1;
  STATUS(MOMOS_USAGE, momos_matrix_load(model, weight, &options, &matrix));
  options.struct_byte_count = sizeof options;
  STATUS(MOMOS_OK, momos_matrix_load(model, weight, &options, &matrix));
  momos_tensor *tensor = NULL;
  STATUS(MOMOS_OK, momos_tensor_load(model, weight, &tensor));
  momos_model_free(model);
  EXPECT(momos_matrix_rows(matrix) == 256 && momos_matrix_columns(matrix) == 64);

  float *values = malloc(256 * 64 * 4), input[2 * 64 + 1], output[2 * 256];
  STATUS(MOMOS_OK, momos_tensor_read(tensor, values, 256 * 64 * 4));
  for (int column = 0; column < 2 * 64; column += 1) input[column] = sinf((float)column);
  STATUS(MOMOS_OK, momos_matrix_multiply(matrix, 2, input, 2 * 64, output, 2 * 256));
  for (int vector = 0; vector < 2; vector += 1) {
    for (int row = 0; row < 256; row += 1) {
      double sum = 0, scale = 0;
      for (int column = 0; column < 64; column += 1) {
        double product = (double)values[row * 64 + column] * input[vector * 64 + column];
        sum += product;
        scale += fabs(product);
      }
      EXPECT(fabs(output[vector * 256 + row] - sum) <= 1e-5 * scale + 1e-9);
    }
  }
  STATUS(MOMOS_USAGE, momos_matrix_multiply(matrix, 1, input, 63, output, 256));
  STATUS(MOMOS_USAGE, momos_matrix_multiply(matrix, 1, input, 64, output, 255));
  STATUS(MOMOS_USAGE, momos_matrix_multiply(matrix, SIZE_MAX, input, 64, output, 256));
  STATUS(MOMOS_USAGE, momos_matrix_multiply(matrix, SIZE_MAX / 256, input, 64, output, 256));
  STATUS(MOMOS_USAGE, momos_matrix_multiply(matrix, 1, NULL, 64, output, 256));
  STATUS(MOMOS_USAGE, momos_matrix_multiply(matrix, 1, input, 64, NULL, 256));
  STATUS(MOMOS_USAGE, momos_matrix_multiply(matrix, 1, (float *)((char *)input + 1), 64, output, 256));
  STATUS(MOMOS_OK, momos_matrix_multiply(matrix, 0, NULL, 0, NULL, 0));
  free(values);
  momos_tensor_free(tensor);
  momos_matrix_free(matrix);
}

struct work {
  const momos_session *session;
  float logits[10];
  int succeeded;
};

static void *execute(void *context) {
  struct work *work = context;
  float image[64];
  for (int pixel = 0; pixel < 64; pixel += 1) image[pixel] = (float)(pixel % 17);
  const int64_t shape[] = {1, 64};
  momos_run *run = NULL;
  momos_array output = {.struct_byte_count = sizeof output};
  work->succeeded = momos_run_create(work->session, &run) == MOMOS_OK &&
                    momos_run_set_input(run, 0, MOMOS_FLOAT32, shape, 2, image, sizeof image) == MOMOS_OK;
  for (int repetition = 0; work->succeeded && repetition < 50; repetition += 1)
    work->succeeded = momos_run_execute(run) == MOMOS_OK && momos_run_output(run, 0, &output) == MOMOS_OK;
  if (work->succeeded) memcpy(work->logits, output.data, sizeof work->logits);
  /* This thread's text, which the others must not see. */
  momos_run_set_input(run, 99, MOMOS_FLOAT32, shape, 2, image, sizeof image);
  work->succeeded &= strstr(momos_error_text(), "99") != NULL;
  momos_run_free(run);
  return NULL;
}

static void check_session(const char *path) {
  momos_model *model = open_model(path);
  momos_session *session = NULL;
  STATUS(MOMOS_OK, momos_session_create(model, NULL, &session));
  momos_model_free(model);
  EXPECT(momos_session_input_count(session) == 1 && momos_session_output_count(session) == 1);
  momos_value_facts facts = {.struct_byte_count = sizeof facts};
  STATUS(MOMOS_OK, momos_session_describe_input(session, 0, &facts));
  EXPECT(strcmp(facts.name, "images") == 0 && facts.element_type == MOMOS_FLOAT32 && facts.rank == 2);
  EXPECT(facts.dimensions[0] == -1 && facts.dimensions[1] == 64 && *facts.symbols[0] && !*facts.symbols[1]);
  STATUS(MOMOS_OK, momos_session_describe_output(session, 0, &facts));
  EXPECT(strcmp(facts.name, "logits") == 0);
  STATUS(MOMOS_USAGE, momos_session_describe_input(session, 1, &facts));

  momos_run *run = NULL;
  float image[65] = {0};
  momos_array output = {.struct_byte_count = sizeof output};
  STATUS(MOMOS_OK, momos_run_create(session, &run));
  STATUS(MOMOS_USAGE, momos_run_execute(run));
  STATUS(MOMOS_USAGE, momos_run_output(run, 0, &output));
  STATUS(MOMOS_USAGE, momos_run_set_input(run, 0, 999, (int64_t[]){1, 64}, 2, image, 256));
  STATUS(MOMOS_USAGE, momos_run_set_input(run, 0, MOMOS_FLOAT32, (int64_t[]){1, 64}, 2, image, 255));
  STATUS(MOMOS_USAGE, momos_run_set_input(run, 0, MOMOS_FLOAT32, (int64_t[]){1, -64}, 2, image, 256));
  STATUS(MOMOS_USAGE, momos_run_set_input(run, 0, MOMOS_FLOAT32, (int64_t[]){INT64_MAX, 64}, 2, image, 256));
  STATUS(MOMOS_USAGE, momos_run_set_input(run, 0, MOMOS_FLOAT32, (int64_t[]){1, 64}, SIZE_MAX, image, 256));
  STATUS(MOMOS_USAGE, momos_run_set_input(run, 0, MOMOS_FLOAT32, NULL, 2, image, 256));
  STATUS(MOMOS_USAGE, momos_run_set_input(run, 0, MOMOS_FLOAT32, (int64_t[]){1, 64}, 2, NULL, 256));
  STATUS(MOMOS_OK, momos_run_set_input(run, 0, MOMOS_FLOAT32, (int64_t[]){1, 65}, 2, image, 260));
  STATUS(MOMOS_BAD_DATA, momos_run_execute(run));
  STATUS(MOMOS_OK, momos_run_set_input(run, 0, MOMOS_FLOAT32, (int64_t[]){1, 64}, 2, image, 256));
  STATUS(MOMOS_OK, momos_run_execute(run));
  STATUS(MOMOS_USAGE, momos_run_output(run, 1, &output));
  STATUS(MOMOS_OK, momos_run_output(run, 0, &output));
  EXPECT(output.element_type == MOMOS_FLOAT32 && output.rank == 2 && output.byte_count == 40);
  EXPECT(output.dimensions[0] == 1 && output.dimensions[1] == 10 && output.data);

  enum { thread_count = 4 };
  struct work works[thread_count];
  pthread_t threads[thread_count];
  momos_open("/nowhere", MOMOS_LOAD_MAP, &model);
  for (int thread = 0; thread < thread_count; thread += 1) {
    works[thread] = (struct work){.session = session};
    pthread_create(&threads[thread], NULL, execute, &works[thread]);
  }
  for (int thread = 0; thread < thread_count; thread += 1) pthread_join(threads[thread], NULL);
  for (int thread = 0; thread < thread_count; thread += 1)
    EXPECT(works[thread].succeeded && memcmp(works[thread].logits, works[0].logits, sizeof works[0].logits) == 0);
  EXPECT(strstr(momos_error_text(), "/nowhere"));
  momos_session_free(session);
  /* The run keeps the session. */
  STATUS(MOMOS_OK, momos_run_execute(run));
  momos_run_free(run);
}

/* A child goes on with what its parent has made, and makes its own. */
static void check_fork(const char *path) {
  momos_model *model = open_model(path);
  momos_execution_options options = {.struct_byte_count = sizeof options, .precision = MOMOS_EXACT, .thread_count = 3};
  size_t weight = number_of(model, "fc1.weight");
  momos_matrix *matrix = NULL, *own = NULL;
  STATUS(MOMOS_OK, momos_matrix_load(model, weight, &options, &matrix));
  float input[8 * 64], expected[8 * 256], output[8 * 256] = {0};
  for (int column = 0; column < 8 * 64; column += 1) input[column] = sinf((float)column);
  STATUS(MOMOS_OK, momos_matrix_multiply(matrix, 8, input, 8 * 64, expected, 8 * 256));
  pid_t child = fork();
  if (child == 0) {
    alarm(20);
    failure_count = 0;
    STATUS(MOMOS_OK, momos_matrix_multiply(matrix, 8, input, 8 * 64, output, 8 * 256));
    EXPECT(memcmp(output, expected, sizeof output) == 0);
    momos_matrix_free(matrix);
    STATUS(MOMOS_OK, momos_matrix_load(model, weight, &options, &own));
    STATUS(MOMOS_OK, momos_matrix_multiply(own, 8, input, 8 * 64, output, 8 * 256));
    EXPECT(memcmp(output, expected, sizeof output) == 0);
    _exit(failure_count > 0);
  }
  int status = -1;
  EXPECT(waitpid(child, &status, 0) == child && status == 0);
  STATUS(MOMOS_OK, momos_matrix_multiply(matrix, 8, input, 8 * 64, output, 8 * 256));
  EXPECT(memcmp(output, expected, sizeof output) == 0);
  momos_matrix_free(matrix);
  momos_model_free(model);
}

static void check_memory(const char *path) {
  size_t byte_count;
  unsigned char *bytes = read_file(path, &byte_count);
  momos_model *model = NULL;
  momos_tensor *tensor = NULL;
  STATUS(MOMOS_OK, momos_open_memory(bytes, byte_count, count_release, &release_count, &model));
  STATUS(MOMOS_OK, momos_tensor_load(model, number_of(model, "fc1.bias"), &tensor));
  momos_model_free(model);
  EXPECT(release_count == 0 && momos_tensor_view(tensor) != NULL);
  momos_tensor_free(tensor);
  EXPECT(release_count == 1);
  /* Refused files give their memory back too; no truncation is accepted. */
  for (size_t length = 0; length < byte_count; length += length < 200 ? 1 : 509) {
    int releases = 0;
    EXPECT(momos_open_memory(bytes, length, count_release, &releases, &model) == MOMOS_BAD_DATA && releases == 1);
  }
  /* A changed byte is refused, or found by the check. */
  for (size_t position = 0; position < byte_count; position += 211) {
    bytes[position] ^= 0x40;
    if (momos_open_memory(bytes, byte_count, NULL, NULL, &model) == MOMOS_OK) {
      EXPECT(momos_check(model) == MOMOS_BAD_DATA);
      momos_model_free(model);
    }
    bytes[position] ^= 0x40;
  }
  free(bytes);
}

static int32_t cancel_in_the_middle(const char *phase, double share, void *context) {
  (void)phase;
  *(double *)context = share;
  return share > 0.3;
}

static void check_conversion(const char *weights, const char *graph, const char *folder) {
  char options[4096], path[2048], *report = NULL;
  snprintf(path, sizeof path, "%s/converted.momos", folder);
  snprintf(options, sizeof options, "{\"source\": \"%s\", \"graph\": \"%s\", \"output\": \"%s\", \"bits\": 2, \"threads\": 1}",
           weights, graph, path);
  double share = -1;
  STATUS(MOMOS_CANCELLED, momos_convert(options, cancel_in_the_middle, &share, &report));
  EXPECT(share > 0.3 && share < 1 && !report && !fopen(path, "rb"));
  STATUS(MOMOS_OK, momos_convert(options, NULL, NULL, &report));
  EXPECT(report && strstr(report, "\"file_byte_count\""));
  momos_text_free(report);
  STATUS(MOMOS_USAGE, momos_convert(options, NULL, NULL, NULL)); /* It exists already. */
  const char *wrong[] = {
      "", "[]", "{", "{\"sauce\": 1}", "{\"source\": []}", "{\"source\": 1}", "{\"source\": \"x\", \"bits\": \"2\"}",
      "{\"source\": \"x\", \"bits\": 2, \"motifs\": 4}", "{\"source\": \"x\", \"bits\": 1e999}",
      "{\"source\": \"x\", \"effort\": \"some\"}", "{\"source\": \"x\", \"threads\": -1}",
      "{\"source\": \"x\", \"seed\": 1e99}", "{\"source\": \"x\", \"seed\": 1, \"seed\": 1}"};
  for (size_t number = 0; number < sizeof wrong / sizeof *wrong; number += 1)
    STATUS(MOMOS_USAGE, momos_convert(wrong[number], NULL, NULL, NULL));
  char *nested = malloc(100001);
  memset(nested, '[', 100000);
  nested[100000] = 0;
  STATUS(MOMOS_USAGE, momos_convert(nested, NULL, NULL, NULL));
  free(nested);

  report = NULL;
  snprintf(options, sizeof options, "{\"file\": \"%s\", \"source\": [\"%s\"]}", path, weights);
  STATUS(MOMOS_OK, momos_verify(options, NULL, NULL, &report));
  EXPECT(report && strstr(report, "\"has_passed\" : true"));
  momos_text_free(report);
  report = NULL;
  snprintf(options, sizeof options, "{\"file\": \"%s\", \"source\": [\"%s\"], \"min_cosine\": 0.9999999}", path, weights);
  STATUS(MOMOS_NOT_VERIFIED, momos_verify(options, NULL, NULL, &report));
  EXPECT(report && strstr(report, "\"has_passed\" : false"));
  momos_text_free(report);
  STATUS(MOMOS_USAGE, momos_verify("{}", NULL, NULL, NULL));
  STATUS(MOMOS_USAGE, momos_verify("{\"file\": \"x\", \"min_cosine\": 2}", NULL, NULL, NULL));

  momos_model *model = open_model(path);
  STATUS(MOMOS_OK, momos_inspect(model, 1, &report));
  EXPECT(strstr(report, "\"is_checked\" : true"));
  momos_text_free(report);
  STATUS(MOMOS_OK, momos_graph(model, &report));
  EXPECT(strstr(report, "\"Gemm\""));
  momos_text_free(report);
  STATUS(MOMOS_USAGE, momos_inspect(model, 0, NULL));
  momos_model_free(model);
}

int main(int argument_count, char **arguments) {
  if (argument_count != 5) return 2;
  EXPECT(*momos_error_text() == 0);
  check_versions();
  check_null_pointers();
  check_tensors(arguments[1]);
  check_matrix(arguments[1]);
  check_session(arguments[1]);
  check_fork(arguments[1]);
  check_memory(arguments[1]);
  check_conversion(arguments[2], arguments[3], arguments[4]);
  if (failure_count == 0) printf("every call of momos.h behaves as documented\n");
  return failure_count > 0;
}
