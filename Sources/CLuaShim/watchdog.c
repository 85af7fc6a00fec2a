// A thread that ends a step of another thread that takes too long.
//
// It wakes up a few times per allowed time and looks at a number that counts steps, taking those
// that go on without a wait as one: two hundred notes shall not be two hundred times. When one has
// had the allowed CPU time, a signal is sent to the engine's thread, whose handler calls
// lua_sethook, as the `lua` program does on Ctrl-C. Entering and leaving a step cost two stores
// each. A signal that comes too late, in the next step, is not for that one. Invariants: `running`
// is written by the engine's thread only; the handler runs on that thread, so what it sees there is
// in order. Source: HOUSE 2.5 "Budgets"; MEASURED 3.

#include "CLuaShim.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WATCH_SIGNAL SIGURG  // ignored by default: one that comes late harms nobody
#define LOOKS 4
#define PAUSE_MAX 100000000  // nanoseconds between two looks: what stopping may have to wait for

struct rs_watchdog {
  pthread_t watched;
  pthread_t thread;
  int64_t milliseconds;
  _Atomic(rs_lua *) running;
  _Atomic uint64_t serial;   // odd while a step runs
  _Atomic uint64_t late;     // the step that the signal is meant for
  _Atomic uint64_t stretch;  // counts steps, those that go on with the one before
  _Atomic bool stopping;
};

static _Thread_local rs_watchdog *own_watchdog;

static void on_signal(int number) {
  (void)number;
  int saved = errno;
  rs_watchdog *dog = own_watchdog;
  rs_lua *rs = dog ? atomic_load_explicit(&dog->running, memory_order_relaxed) : NULL;
  if (rs != NULL && atomic_load(&dog->serial) == atomic_load(&dog->late)) rs_lua_interrupt(rs);
  errno = saved;
}

// CPU time of the watched thread: a step that waits for the machine is not a step that loops.
static int64_t spent(clockid_t clock) {
  struct timespec time;
  if (clock_gettime(clock, &time) != 0) return 0;
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void *watch(void *argument) {
  rs_watchdog *dog = argument;
  clockid_t clock;
  if (pthread_getcpuclockid(dog->watched, &clock) != 0) clock = CLOCK_MONOTONIC;
  uint64_t seen = 0;
  int64_t since = 0;
  int64_t allowed = dog->milliseconds * 1000000;
  int64_t between = allowed / LOOKS < PAUSE_MAX ? allowed / LOOKS : PAUSE_MAX;
  int64_t next = between;
  while (!atomic_load(&dog->stopping)) {
    struct timespec pause = {0, next};
    nanosleep(&pause, NULL);
    next = between;
    uint64_t serial = atomic_load(&dog->serial);
    if ((serial & 1) == 0) continue;
    uint64_t stretch = atomic_load(&dog->stretch);
    if (stretch != seen) {
      seen = stretch;
      since = spent(clock);
      continue;
    }
    int64_t left = allowed - (spent(clock) - since);
    if (left <= 0) {
      atomic_store(&dog->late, serial);
      pthread_kill(dog->watched, WATCH_SIGNAL);
    } else if (left < between) {
      next = left;
    }
  }
  return NULL;
}

rs_watchdog *rs_watchdog_start(int64_t milliseconds) {
  rs_watchdog *dog = calloc(1, sizeof *dog);
  if (dog == NULL) return NULL;
  dog->milliseconds = milliseconds < LOOKS ? LOOKS : milliseconds;
  dog->watched = pthread_self();
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(WATCH_SIGNAL, &action, NULL);
  own_watchdog = dog;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int failed = pthread_create(&dog->thread, NULL, watch, dog);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, WATCH_SIGNAL);
  pthread_sigmask(SIG_UNBLOCK, &wanted, NULL);
  if (failed == 0) return dog;
  own_watchdog = NULL;
  free(dog);
  return NULL;
}

void rs_watchdog_stop(rs_watchdog *dog) {
  if (dog == NULL) return;
  atomic_store(&dog->stopping, true);
  pthread_join(dog->thread, NULL);
  if (own_watchdog == dog) own_watchdog = NULL;
  free(dog);
}

static void advance(rs_watchdog *dog) {
  uint64_t serial = atomic_load_explicit(&dog->serial, memory_order_relaxed);
  atomic_store_explicit(&dog->serial, serial + 1, memory_order_release);
}

void rs_watchdog_enter(rs_watchdog *dog, rs_lua *rs, bool goes_on) {
  if (dog == NULL) return;
  if (!goes_on) {
    uint64_t stretch = atomic_load_explicit(&dog->stretch, memory_order_relaxed);
    atomic_store_explicit(&dog->stretch, stretch + 1, memory_order_relaxed);
  }
  atomic_store_explicit(&dog->running, rs, memory_order_relaxed);
  advance(dog);
}

void rs_watchdog_leave(rs_watchdog *dog) {
  if (dog == NULL) return;
  advance(dog);
  atomic_store_explicit(&dog->running, NULL, memory_order_relaxed);
}
