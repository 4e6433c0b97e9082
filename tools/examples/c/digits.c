/* Classifies images of handwritten digits with a .momos file.
 *
 *   cc digits.c $(pkg-config --cflags --libs momos) -o digits && ./digits digits.momos test_images.npy
 *
 * The images are an .npy file of bytes [count, 64]; the class of each image is printed on a line of its own. */
#include <momos.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void require(momos_status status) {
  if (status == MOMOS_OK) return;
  fprintf(stderr, "digits: %s\n", momos_error_text());
  exit(status);
}

/* The bytes of an .npy file of version 1, which follow its header. */
static unsigned char *read_bytes(const char *path, size_t *count) {
  FILE *file = fopen(path, "rb");
  unsigned char start[10];
  if (!file || fread(start, 1, sizeof start, file) != sizeof start || memcmp(start, "\x93NUMPY\1", 7)) {
    fprintf(stderr, "digits: '%s' is no .npy file of version 1\n", path);
    exit(MOMOS_BAD_DATA);
  }
  unsigned char *bytes = malloc(1 << 20);
  fseek(file, 10 + start[8] + 256 * start[9], SEEK_SET);
  *count = fread(bytes, 1, 1 << 20, file);
  fclose(file);
  return bytes;
}

int main(int argument_count, char **arguments) {
  if (argument_count != 3) return MOMOS_USAGE;
  size_t count;
  unsigned char *images = read_bytes(arguments[2], &count);
  int64_t shape[2] = {(int64_t)(count / 64), 64};

  momos_model *model;
  momos_session *session;
  momos_run *run;
  require(momos_open(arguments[1], MOMOS_LOAD_MAP, &model));
  require(momos_session_create(model, NULL, &session));
  require(momos_run_create(session, &run));
  require(momos_run_set_input(run, 0, MOMOS_UINT8, shape, 2, images, count));
  require(momos_run_execute(run));
  momos_array logits = {.struct_byte_count = sizeof logits};
  require(momos_run_output(run, 0, &logits));

  int64_t class_count = logits.dimensions[1];
  for (int64_t image = 0; image < shape[0]; image += 1) {
    const float *scores = (const float *)logits.data + image * class_count;
    int64_t best = 0;
    for (int64_t class = 1; class < class_count; class += 1)
      if (scores[class] > scores[best]) best = class;
    printf("%d\n", (int)best);
  }
  momos_run_free(run);
  momos_session_free(session);
  momos_model_free(model);
  free(images);
  return 0;
}
