#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "momos_kernels.h"

/// Looks at a changing word this often before it sleeps: some ten microseconds.
#define SPIN_LIMIT 2000

struct momos_pool {
  pthread_t *threads;
  int worker_count;
  uint32_t process;  // `process` when the workers were started
  int spin_limit;
  pthread_mutex_t run_lock;
  _Atomic uint32_t generation;  // one more for each run; workers wait on it
  _Atomic uint32_t unfinished;  // workers still busy with this run; the caller waits on it
  _Atomic uint32_t sleepers;    // workers asleep on `generation`
  _Atomic int stopping;
  _Atomic size_t next_task;
  size_t task_count;
  void (*task)(void *, size_t);
  void *context;
};

/// One more in a process than in the one that it was forked from: the workers of the parent are not there.
static _Atomic uint32_t process;
static pthread_once_t fork_handler = PTHREAD_ONCE_INIT;

static void count_process(void) { atomic_fetch_add(&process, 1); }

static void watch_forks(void) { pthread_atfork(NULL, NULL, count_process); }

static int worker_count(const momos_pool *pool) { return pool->process == atomic_load(&process) ? pool->worker_count : 0; }

static void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static void wait_while_equal(_Atomic uint32_t *word, uint32_t value) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void wake_all(_Atomic uint32_t *word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0); }

static void take_tasks(momos_pool *pool) {
  for (;;) {
    size_t i = atomic_fetch_add_explicit(&pool->next_task, 1, memory_order_relaxed);
    if (i >= pool->task_count) return;
    pool->task(pool->context, i);
  }
}

static void *work(void *argument) {
  momos_pool *pool = argument;
  uint32_t seen = 0;
  for (;;) {
    for (int spin = 0; atomic_load(&pool->generation) == seen && spin < pool->spin_limit; spin++) relax();
    while (atomic_load(&pool->generation) == seen) {
      atomic_fetch_add(&pool->sleepers, 1);
      wait_while_equal(&pool->generation, seen);
      atomic_fetch_sub(&pool->sleepers, 1);
    }
    seen++;
    if (atomic_load(&pool->stopping)) return NULL;
    take_tasks(pool);
    if (atomic_fetch_sub(&pool->unfinished, 1) == 1) wake_all(&pool->unfinished);
  }
}

static void begin_generation(momos_pool *pool) {
  atomic_fetch_add(&pool->generation, 1);
  if (atomic_load(&pool->sleepers) > 0) wake_all(&pool->generation);
}

momos_pool *momos_pool_create(int thread_count) {
  momos_pool *pool = calloc(1, sizeof *pool);
  if (!pool) return NULL;
  pool->threads = calloc(thread_count > 1 ? (size_t)thread_count : 1, sizeof *pool->threads);
  if (!pool->threads) {
    free(pool);
    return NULL;
  }
  pthread_once(&fork_handler, watch_forks);
  pool->process = atomic_load(&process);
  pthread_mutex_init(&pool->run_lock, NULL);
  // Spinning helps only while every thread has a processor of its own.
  pool->spin_limit = thread_count <= sysconf(_SC_NPROCESSORS_ONLN) ? SPIN_LIMIT : 0;
  for (int i = 1; i < thread_count; i++) {
    if (pthread_create(&pool->threads[pool->worker_count], NULL, work, pool) != 0) {
      momos_pool_destroy(pool);
      return NULL;
    }
    pool->worker_count++;
  }
  return pool;
}

void momos_pool_destroy(momos_pool *pool) {
  if (!pool) return;
  atomic_store(&pool->stopping, 1);
  begin_generation(pool);
  for (int i = 0; i < worker_count(pool); i++) pthread_join(pool->threads[i], NULL);
  pthread_mutex_destroy(&pool->run_lock);
  free(pool->threads);
  free(pool);
}

void momos_pool_run(momos_pool *pool, size_t task_count, void (*task)(void *, size_t), void *context) {
  if (worker_count(pool) == 0 || task_count <= 1) {
    for (size_t i = 0; i < task_count; i++) task(context, i);
    return;
  }
  pthread_mutex_lock(&pool->run_lock);
  pool->task = task;
  pool->context = context;
  pool->task_count = task_count;
  atomic_store(&pool->next_task, 0);
  atomic_store(&pool->unfinished, (uint32_t)pool->worker_count);
  begin_generation(pool);
  take_tasks(pool);
  uint32_t unfinished;
  for (int spin = 0; (unfinished = atomic_load(&pool->unfinished)) != 0; spin++) {
    if (spin < pool->spin_limit) relax();
    else wait_while_equal(&pool->unfinished, unfinished);
  }
  pthread_mutex_unlock(&pool->run_lock);
}
