// Answers of the system that are rare, for commands that are started with LD_PRELOAD (SystemCallTests).
//
// MOMOS_CALLS=interrupt   every other reading, writing and synchronising call returns EINTR, the others do little
// MOMOS_CALLS=no-sync     files cannot be synchronised: EIO
// MOMOS_CALL_LOG=FILE     a line for every call that synchronises or names a file, and for every interruption
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// No call reads or writes more at once.
enum { MOST_BYTES = 1000 };

static int is_asked_for(const char *answer) {
  const char *calls = getenv("MOMOS_CALLS");
  return calls && strcmp(calls, answer) == 0;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static void note(const char *line) {
  const char *path = getenv("MOMOS_CALL_LOG");
  if (!path) return;
  int log = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
  ssize_t written = REAL(write)(log, line, strlen(line));
  (void)written;
  close(log);
}

static int is_interrupted(void) {
  static _Atomic unsigned count;
  if (!is_asked_for("interrupt") || atomic_fetch_add(&count, 1) % 2 != 0) return 0;
  note("interrupted\n");
  errno = EINTR;
  return 1;
}

static size_t few(size_t count) { return is_asked_for("interrupt") && count > MOST_BYTES ? MOST_BYTES : count; }

ssize_t read(int file, void *buffer, size_t count) {
  return is_interrupted() ? -1 : REAL(read)(file, buffer, few(count));
}

ssize_t write(int file, const void *buffer, size_t count) {
  return is_interrupted() ? -1 : REAL(write)(file, buffer, few(count));
}

ssize_t pwrite(int file, const void *buffer, size_t count, off_t offset) {
  return is_interrupted() ? -1 : REAL(pwrite)(file, buffer, few(count), offset);
}

int fsync(int file) {
  struct stat status;
  int is_folder = fstat(file, &status) == 0 && S_ISDIR(status.st_mode);
  if (is_interrupted()) return -1;
  note(is_folder ? "sync folder\n" : "sync file\n");
  if (is_asked_for("no-sync")) {
    errno = EIO;
    return -1;
  }
  return REAL(fsync)(file);
}

int rename(const char *from, const char *to) {
  note("name\n");
  return REAL(rename)(from, to);
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags) {
  note("name\n");
  return REAL(linkat)(from_folder, from, to_folder, to, flags);
}
