// Checks the thread pool: every task runs once, its writes are seen by the caller, callers take turns, sleepers wake.
// The counters of tasks are plain memory, so that ThreadSanitizer sees every missing order.

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "momos_kernels.h"

#define MOST_TASKS 1000
#define CALLERS 4

static int failure_count;

static void expect(int holds, const char *what, int threads, size_t tasks) {
  if (holds) return;
  failure_count++;
  fprintf(stderr, "FAILED %s: %d threads, %zu tasks\n", what, threads, tasks);
}

typedef struct {
  size_t before[MOST_TASKS];
  size_t calls[MOST_TASKS];
} counters;

static void count_call(void *context, size_t i) {
  counters *here = context;
  here->calls[i] += here->before[i];
}

/// One run after another over the same memory: each sees what the one before and the caller wrote.
static void check_runs(momos_pool *pool, int threads, size_t tasks, size_t runs) {
  counters here;
  memset(&here, 0, sizeof here);
  size_t sum = 0;
  for (size_t run = 0; run < runs; run++) {
    for (size_t i = 0; i < tasks; i++) here.before[i] = run + i;
    momos_pool_run(pool, tasks, count_call, &here);
    sum += run;
  }
  for (size_t i = 0; i < MOST_TASKS; i++)
    expect(here.calls[i] == (i < tasks ? sum + i * runs : 0), "one call of each task a run", threads, tasks);
}

static void nothing(void *context, size_t i) { (void)context, (void)i; }

static void *run_alone(void *pool) {
  check_runs(pool, 0, 20, 50);
  return NULL;
}

static void check_callers(momos_pool *pool, int threads) {
  pthread_t callers[CALLERS];
  for (size_t i = 0; i < CALLERS; i++)
    expect(pthread_create(&callers[i], NULL, run_alone, pool) == 0, "starting a caller", threads, i);
  for (size_t i = 0; i < CALLERS; i++) pthread_join(callers[i], NULL);
}

/// Pauses longer than workers spin.
static void check_sleepers(momos_pool *pool, int threads) {
  for (int i = 0; i < 5; i++) {
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    check_runs(pool, threads, 10, 1);
  }
}

/// ThreadSanitizer ends children that start threads unless told so.
const char *__tsan_default_options(void);
const char *__tsan_default_options(void) { return "die_after_fork=0"; }

/// A child has none of the threads of its parent, and goes on alone.
static void check_fork(momos_pool *pool, int threads) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    check_runs(pool, threads, 20, 5);
    momos_pool_destroy(pool);
    pool = momos_pool_create(threads);
    check_runs(pool, threads, 20, 5);
    momos_pool_destroy(pool);
    _exit(failure_count > 0);
  }
  int status = -1;
  expect(waitpid(child, &status, 0) == child && status == 0, "a child that goes on", threads, 0);
}

int main(void) {
  static const int thread_counts[] = {1, 2, 3, 8};
  static const size_t task_counts[] = {0, 1, 2, 7, 100, MOST_TASKS};
  for (size_t n = 0; n < sizeof thread_counts / sizeof *thread_counts; n++) {
    const int threads = thread_counts[n];
    momos_pool *pool = momos_pool_create(threads);
    expect(pool != NULL, "starting", threads, 0);
    if (!pool) continue;
    for (size_t t = 0; t < sizeof task_counts / sizeof *task_counts; t++)
      check_runs(pool, threads, task_counts[t], 20);
    check_callers(pool, threads);
    check_sleepers(pool, threads);
    check_fork(pool, threads);
    check_runs(pool, threads, 20, 5);
    momos_pool_run(pool, 3, nothing, NULL);
    momos_pool_destroy(pool);
  }
  momos_pool_destroy(NULL);
  printf("thread pool: %d failures\n", failure_count);
  return failure_count > 0;
}
