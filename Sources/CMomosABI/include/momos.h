/* momos.h: open, inspect, execute, verify and make .momos files from C, C++ and whatever calls C.
 *
 * Link with libmomos.so.1 (pkg-config --cflags --libs momos). Nothing else is needed: the Swift runtime is inside.
 *
 * Results. Functions that can fail return a momos_status. Unless it is MOMOS_OK, momos_error_text() says in one line
 * what was expected and what was found, and what the function would have given is left as it was. No argument ends
 * the process: a null pointer, a number out of range, a wrong size or a broken file is an error like any other. Only
 * what C cannot check is undefined, as for free(): an object that was freed, memory that is shorter than it is said
 * to be. A process that cannot allocate a few bytes may end.
 *
 * Objects. Each has a function that frees it, which takes NULL too. They may be freed in any order: what is made of
 * an object keeps what it needs of it. Pointers to text and numbers inside an object live until it is freed.
 *
 * Threads. Objects do not change once they are made, but for momos_run: any number of threads may use them at once.
 * A momos_run belongs to one thread at a time; make several of one session. Freeing an object must be the last use.
 * Runs and products with one session or matrix share its threads and follow one another there. After fork(), which no call may
 * be in the middle of, both processes go on: what the child has from its parent it executes on one thread, what it makes anew on
 * as many as it wants.
 *
 * Text is UTF-8, ends with a zero byte, and is "" rather than NULL unless stated. Numbers in memory are little-endian,
 * tensors dense and row-major.
 *
 * A file that is opened with MOMOS_LOAD_MAP must not be shortened while it is used: reading the missing pages raises
 * SIGBUS. MOMOS_LOAD_COPY is immune.
 */
#ifndef MOMOS_H
#define MOMOS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What may be NULL, for compilers that check it. */
#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnullability-extension"
#define MOMOS_NULLABLE _Nullable
#define MOMOS_NONNULL _Nonnull
#else
#define MOMOS_NULLABLE
#define MOMOS_NONNULL
#endif

/* ------------------------------------------------------------------------------------------------ Versions */

/* The version of this interface: functions, structures and numbers of a library with the same number fit this header.
 * It grows by additions alone as long as the library is called libmomos.so.1. */
#define MOMOS_ABI_VERSION 1

/* The version of the library, for instance "0.1.0". Never freed. */
const char *MOMOS_NONNULL momos_version(void);

/* The MOMOS_ABI_VERSION that the library was built with. */
int32_t momos_abi_version(void);

/* The version of the format that the library writes, for instance "1.0"; it reads all of the same major version. Never freed. */
const char *MOMOS_NONNULL momos_format_version(void);

/* -------------------------------------------------------------------------------------------------- Errors */

/* How a call ended; the numbers are the exit codes of the commands. */
typedef int32_t momos_status;

/* Done. */
#define MOMOS_OK 0
/* A verification found differences that it does not accept; its report says which. */
#define MOMOS_NOT_VERIFIED 1
/* Arguments that cannot be meant as they are: NULL, a number out of range, options that exclude each other. */
#define MOMOS_USAGE 64
/* A file, tensor or text whose content is wrong. */
#define MOMOS_BAD_DATA 65
/* A file or tensor that is not there. */
#define MOMOS_MISSING 66
/* The system refused: no space, no permission, no memory. */
#define MOMOS_SYSTEM 74
/* The progress function asked to stop. */
#define MOMOS_CANCELLED 75

/* What the last call of this thread that failed has to say: one line without a line end, "" before the first failure.
 * Other threads do not change it. Lives until the next call of this thread that fails. */
const char *MOMOS_NONNULL momos_error_text(void);

/* ------------------------------------------------------------------------------------------- Element types */

/* The type of an element; the numbers are those of ONNX. */
typedef int32_t momos_element_type;

/* Not known: only for inputs and outputs that a graph leaves open. */
#define MOMOS_UNKNOWN 0
/* IEEE 754, 4 bytes. */
#define MOMOS_FLOAT32 1
/* Integers of the width in their name. */
#define MOMOS_UINT8 2
#define MOMOS_INT8 3
#define MOMOS_UINT16 4
#define MOMOS_INT16 5
#define MOMOS_INT32 6
#define MOMOS_INT64 7
/* A byte that is 0 or 1. */
#define MOMOS_BOOL 9
/* IEEE 754, 2 and 8 bytes. */
#define MOMOS_FLOAT16 10
#define MOMOS_FLOAT64 11
#define MOMOS_UINT32 12
#define MOMOS_UINT64 13
/* The upper half of a float32. */
#define MOMOS_BFLOAT16 16

/* Bytes of one element; 0 for numbers that are no type. */
size_t momos_element_byte_count(momos_element_type element_type);

/* -------------------------------------------------------------------------------------------------- Models */

/* An open .momos file. */
typedef struct momos_model momos_model;

/* How the bytes of a file come into memory. */
typedef int32_t momos_load_mode;

/* Pages are read when they are needed, and shared among processes. */
#define MOMOS_LOAD_MAP 0
/* Everything is read at once, in huge pages where the system has them. */
#define MOMOS_LOAD_COPY 1

/* Opens a file: its structure is checked, its weights are not touched.
 * path: of the file. load: MOMOS_LOAD_MAP or MOMOS_LOAD_COPY. model: set to the open file. */
momos_status momos_open(
    const char *MOMOS_NULLABLE path, momos_load_mode load,
    momos_model *MOMOS_NULLABLE *MOMOS_NULLABLE model);

/* Gives memory back that a model was opened from. It is called once, from the thread that frees the last object that
 * needs the memory.
 * bytes: the start of the memory. context: as it was given. */
typedef void (*momos_release)(const void *MOMOS_NULLABLE bytes, void *MOMOS_NULLABLE context);

/* Opens a file that is in memory.
 * bytes, byte_count: the file. release: NULL has the bytes copied. Otherwise they are used where they are (copied where
 * their address is no multiple of 64), must stay and not change until release is called, which happens at once where
 * the call fails. context: for release. model: set to the open file. */
momos_status momos_open_memory(
    const void *MOMOS_NULLABLE bytes, size_t byte_count, momos_release MOMOS_NULLABLE release,
    void *MOMOS_NULLABLE context, momos_model *MOMOS_NULLABLE *MOMOS_NULLABLE model);

/* Frees a model. */
void momos_model_free(momos_model *MOMOS_NULLABLE model);

/* Checks every digest, index and value of the file, one tensor at a time. */
momos_status momos_check(const momos_model *MOMOS_NULLABLE model);

/* What the file holds, as the JSON that `momos-inspect --json` prints.
 * checks_all: other than 0 checks as momos_check does. json: set to a text for momos_text_free. */
momos_status momos_inspect(
    const momos_model *MOMOS_NULLABLE model, int32_t checks_all,
    char *MOMOS_NULLABLE *MOMOS_NULLABLE json);

/* The graph of the file as JSON.
 * json: set to a text for momos_text_free, or to NULL where the file holds weights alone. */
momos_status momos_graph(
    const momos_model *MOMOS_NULLABLE model, char *MOMOS_NULLABLE *MOMOS_NULLABLE json);

/* Frees a text that a function made. */
void momos_text_free(char *MOMOS_NULLABLE text);

/* ------------------------------------------------------------------------------------------------- Tensors */

/* The forms of tensors. */
typedef int32_t momos_kind;

/* Elements as they are. */
#define MOMOS_DENSE 1
/* Motifs and a mosaic of their indices. */
#define MOMOS_MOSAIC 2
/* The weights of another tensor under another name. */
#define MOMOS_ALIAS 3

/* What a file says of a tensor. Texts and dimensions belong to the model. */
typedef struct momos_tensor_facts {
  /* Set by the caller to sizeof(momos_tensor_facts): a newer library writes no members that an older caller lacks. */
  size_t struct_byte_count;
  /* Unlike that of every other tensor of the file. */
  const char *MOMOS_NULLABLE name;
  /* For aliases the name of the tensor that is repeated, else NULL. */
  const char *MOMOS_NULLABLE alias_target;
  /* For mosaics their class, for instance "s4k256", else "". */
  const char *MOMOS_NULLABLE form;
  momos_kind kind;
  momos_element_type element_type;
  /* How many dimensions, 0 to 16. */
  size_t rank;
  /* [rank], outermost first. */
  const int64_t *MOMOS_NULLABLE dimensions;
  /* The product of the dimensions. */
  size_t element_count;
  /* Bytes of the dense elements. */
  size_t byte_count;
  /* Bytes in the file, without dictionaries. */
  size_t stored_byte_count;
  /* Bits per weight in the file, the share of dictionaries included; 0 for aliases and empty tensors. */
  double bits;
  /* [rows, columns] of the matrix of y = W x that a mosaic stands for; 0 for other tensors. */
  int64_t matrix_rows;
  int64_t matrix_columns;
} momos_tensor_facts;

/* How many tensors the file has; 0 for NULL. */
size_t momos_tensor_count(const momos_model *MOMOS_NULLABLE model);

/* What the file says of a tensor.
 * number: 0 to momos_tensor_count - 1, in the order of the file. facts: written. */
momos_status momos_tensor_describe(
    const momos_model *MOMOS_NULLABLE model, size_t number, momos_tensor_facts *MOMOS_NULLABLE facts);

/* The number of the tensor with a name. MOMOS_MISSING if there is none. */
momos_status momos_tensor_find(
    const momos_model *MOMOS_NULLABLE model, const char *MOMOS_NULLABLE name,
    size_t *MOMOS_NULLABLE number);

/* A tensor in memory, for an alias the one that it repeats. */
typedef struct momos_tensor momos_tensor;

/* Loads a tensor: its digests are checked, its indices and values proven right.
 * tensor: set to the tensor. */
momos_status momos_tensor_load(
    const momos_model *MOMOS_NULLABLE model, size_t number,
    momos_tensor *MOMOS_NULLABLE *MOMOS_NULLABLE tensor);

/* Frees a tensor. */
void momos_tensor_free(momos_tensor *MOMOS_NULLABLE tensor);

/* The elements of a dense tensor where they are, at a multiple of their size; NULL for mosaics and empty tensors.
 * They may lie in the mapped file, must not be written, and live as long as the tensor. */
const void *MOMOS_NULLABLE momos_tensor_view(const momos_tensor *MOMOS_NULLABLE tensor);

/* Writes the elements of a tensor, reconstructed where it is a mosaic.
 * buffer, byte_count: as many bytes as the facts' byte_count. */
momos_status momos_tensor_read(
    const momos_tensor *MOMOS_NULLABLE tensor, void *MOMOS_NULLABLE buffer, size_t byte_count);

/* Writes rows of a tensor of rank 1 or more: what its first dimension counts.
 * Time and memory are those of the rows, where they are rows of the matrix that a mosaic stands for (tables, [out, in]);
 * otherwise those of the whole tensor.
 * rows, row_count: numbers of rows, each 0 or more and below the first dimension, in any order.
 * buffer, byte_count: row_count times the bytes of one row. */
momos_status momos_tensor_read_rows(
    const momos_tensor *MOMOS_NULLABLE tensor, const int64_t *MOMOS_NULLABLE rows, size_t row_count,
    void *MOMOS_NULLABLE buffer, size_t byte_count);

/* ----------------------------------------------------------------------------------------------- Execution */

/* How exactly mosaics are multiplied: the largest relative error of a product. */
typedef int32_t momos_precision;

/* 5e-4, from tables of integers, and 3e-3 for batches of 16 and more; what NULL options mean. */
#define MOMOS_FAST 0
/* 1e-5. */
#define MOMOS_EXACT 1
/* 3e-2. */
#define MOMOS_FASTEST 2

/* How to execute. Zero everywhere but in struct_byte_count is the default. */
typedef struct momos_execution_options {
  /* Set by the caller to sizeof(momos_execution_options). */
  size_t struct_byte_count;
  momos_precision precision;
  /* 0 to 1024; 0 takes one for each processor. Results do not depend on it. */
  int32_t thread_count;
} momos_execution_options;

/* One matrix, for products without a graph: y = W x. */
typedef struct momos_matrix momos_matrix;

/* Loads a tensor as a matrix.
 * options: NULL for the default. matrix: set to the matrix. */
momos_status momos_matrix_load(
    const momos_model *MOMOS_NULLABLE model, size_t tensor_number,
    const momos_execution_options *MOMOS_NULLABLE options,
    momos_matrix *MOMOS_NULLABLE *MOMOS_NULLABLE matrix);

/* Frees a matrix. */
void momos_matrix_free(momos_matrix *MOMOS_NULLABLE matrix);

/* Numbers that a product gives for each vector; 0 for NULL. */
size_t momos_matrix_rows(const momos_matrix *MOMOS_NULLABLE matrix);

/* Numbers in each vector that is multiplied; 0 for NULL. */
size_t momos_matrix_columns(const momos_matrix *MOMOS_NULLABLE matrix);

/* Multiplies by vectors: output[b, i] = sum over j of W[i, j] * input[b, j].
 * batch: how many vectors. input, input_count: [batch, columns]. output, output_count: [batch, rows], overwritten; must
 * not overlap the input. Counts are those of numbers, not bytes. */
momos_status momos_matrix_multiply(
    const momos_matrix *MOMOS_NULLABLE matrix, size_t batch, const float *MOMOS_NULLABLE input,
    size_t input_count, float *MOMOS_NULLABLE output, size_t output_count);

/* A graph made ready to execute. */
typedef struct momos_session momos_session;

/* Loads all tensors of a model and plans its graph.
 * options: NULL for the default. session: set to the session. */
momos_status momos_session_create(
    const momos_model *MOMOS_NULLABLE model, const momos_execution_options *MOMOS_NULLABLE options,
    momos_session *MOMOS_NULLABLE *MOMOS_NULLABLE session);

/* Frees a session. */
void momos_session_free(momos_session *MOMOS_NULLABLE session);

/* What a graph says of an input or output. Texts and dimensions belong to the session. */
typedef struct momos_value_facts {
  /* Set by the caller to sizeof(momos_value_facts). */
  size_t struct_byte_count;
  const char *MOMOS_NULLABLE name;
  /* MOMOS_UNKNOWN where the graph does not say. */
  momos_element_type element_type;
  /* -1 where the graph does not say. */
  int32_t rank;
  /* [rank]; -1 stands for any size. */
  const int64_t *MOMOS_NULLABLE dimensions;
  /* [rank]; the name of a size that is open, "" for others. Sizes of one name are equal within one execution. */
  const char *MOMOS_NULLABLE const *MOMOS_NULLABLE symbols;
} momos_value_facts;

/* How many inputs and outputs the graph has; 0 for NULL. */
size_t momos_session_input_count(const momos_session *MOMOS_NULLABLE session);
size_t momos_session_output_count(const momos_session *MOMOS_NULLABLE session);

/* What the graph says of an input or output.
 * number: from 0, in the order of the graph. facts: written. */
momos_status momos_session_describe_input(
    const momos_session *MOMOS_NULLABLE session, size_t number, momos_value_facts *MOMOS_NULLABLE facts);
momos_status momos_session_describe_output(
    const momos_session *MOMOS_NULLABLE session, size_t number, momos_value_facts *MOMOS_NULLABLE facts);

/* The inputs and outputs of executions, one after another. */
typedef struct momos_run momos_run;

/* Makes a run without inputs. */
momos_status momos_run_create(
    const momos_session *MOMOS_NULLABLE session, momos_run *MOMOS_NULLABLE *MOMOS_NULLABLE run);

/* Frees a run, its inputs and outputs. */
void momos_run_free(momos_run *MOMOS_NULLABLE run);

/* Sets an input, which is copied and stays for all executions until it is set anew. What does not fit the graph is
 * refused by momos_run_execute.
 * number: of the input. dimensions, rank: the shape. data, byte_count: its elements. */
momos_status momos_run_set_input(
    momos_run *MOMOS_NULLABLE run, size_t number, momos_element_type element_type,
    const int64_t *MOMOS_NULLABLE dimensions, size_t rank, const void *MOMOS_NULLABLE data,
    size_t byte_count);

/* Executes the graph once. Outputs of an earlier execution are gone, whether it succeeds or not. */
momos_status momos_run_execute(momos_run *MOMOS_NULLABLE run);

/* A tensor in memory. */
typedef struct momos_array {
  /* Set by the caller to sizeof(momos_array). */
  size_t struct_byte_count;
  momos_element_type element_type;
  /* How many dimensions. */
  size_t rank;
  /* [rank], outermost first. */
  const int64_t *MOMOS_NULLABLE dimensions;
  /* Never NULL, even without elements. */
  const void *MOMOS_NULLABLE data;
  size_t byte_count;
} momos_array;

/* An output of the last execution, without a copy. It lives until the next execution or until the run is freed.
 * number: of the output. array: written. */
momos_status momos_run_output(
    const momos_run *MOMOS_NULLABLE run, size_t number, momos_array *MOMOS_NULLABLE array);

/* ------------------------------------------------------------------------------- Conversion, verification */

/* Told how far work is, from the thread that called. Returns 0 to go on, anything else to stop: the call then gives
 * MOMOS_CANCELLED and leaves no output.
 * It has to return: neither an exception nor longjmp can leave it.
 * phase: what is being done, for instance "converting". share: of the phase that is done, 0 to 1.
 * context: as it was given. */
typedef int32_t (*momos_progress)(
    const char *MOMOS_NONNULL phase, double share, void *MOMOS_NULLABLE context);

/* Converts weights into a .momos file, as momos-convert does.
 *
 * options: a JSON object whose keys are the long options of momos-convert with _ for -, and "source" for its arguments:
 *     {"source": ["model.onnx"], "output": "model.momos", "bits": 2, "calibration": ["samples.npz"]}
 *   Options that may be repeated take a text or a list, flags true or false; null is like a missing key. Without "output"
 *   nothing is written and the report says what would be, as with --dry-run. A .momos file as the only source is written
 *   to an "output" of another format, .npz, .safetensors or .onnx.
 * progress, context: may be NULL. report: set to the JSON that the command prints with --json, for momos_text_free; may
 * be NULL. */
momos_status momos_convert(
    const char *MOMOS_NULLABLE options, momos_progress MOMOS_NULLABLE progress,
    void *MOMOS_NULLABLE context, char *MOMOS_NULLABLE *MOMOS_NULLABLE report);

/* Compares a .momos file with its source and its execution with its weights, as momos-verify does.
 *
 * options: a JSON object with "file", where wanted "source", and the long options of momos-verify with _ for -; "input"
 *   is an object of files by graph input:
 *     {"file": "model.momos", "source": ["model.onnx"], "input": {"images": "images.npy"}, "min_cosine": 0.99}
 * progress, context, report: as for momos_convert. The report is made where the status is MOMOS_OK or MOMOS_NOT_VERIFIED. */
momos_status momos_verify(
    const char *MOMOS_NULLABLE options, momos_progress MOMOS_NULLABLE progress,
    void *MOMOS_NULLABLE context, char *MOMOS_NULLABLE *MOMOS_NULLABLE report);

#if defined(__clang__)
#pragma clang diagnostic pop
#endif

#ifdef __cplusplus
}
#endif

#endif
