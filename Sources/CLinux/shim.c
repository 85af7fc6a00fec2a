/* Clocks, descriptors, epoll, eventfd, signalfd, inotify and the names of threads. */
#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000LL
#define NS_PER_MS 1000000LL
#define BATCH_MAX 256

static uint64_t clock_ns(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

void rs_heap_together(void) {
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_TOP_PAD, 4 << 20);
}

uint64_t rs_monotonic_ns(void) { return clock_ns(CLOCK_MONOTONIC); }
uint64_t rs_realtime_ns(void) { return clock_ns(CLOCK_REALTIME); }

void rs_error_text(int code, char *text, size_t capacity) {
  const char *found = strerrordesc_np(code);
  strncpy(text, found ? found : "unknown error", capacity - 1);
  text[capacity - 1] = 0;
}

/* Descriptors */

int rs_close(int fd) { return close(fd) < 0 ? -errno : 0; }

ssize_t rs_read(int fd, void *bytes, size_t count) {
  ssize_t got;
  do got = read(fd, bytes, count);
  while (got < 0 && errno == EINTR);
  return got < 0 ? -errno : got;
}

ssize_t rs_write(int fd, const void *bytes, size_t count) {
  ssize_t put;
  do put = write(fd, bytes, count);
  while (put < 0 && errno == EINTR);
  return put < 0 ? -errno : put;
}

static uint32_t to_epoll(uint32_t interest) {
  uint32_t events = EPOLLRDHUP;
  if (interest & RS_READABLE) events |= EPOLLIN;
  if (interest & RS_WRITABLE) events |= EPOLLOUT;
  return events;
}

static uint32_t from_epoll(uint32_t events) {
  uint32_t ready = 0;
  if (events & EPOLLIN) ready |= RS_READABLE;
  if (events & EPOLLOUT) ready |= RS_WRITABLE;
  if (events & (EPOLLHUP | EPOLLRDHUP)) ready |= RS_CLOSED;
  if (events & EPOLLERR) ready |= RS_FAILED;
  return ready;
}

static short to_poll(uint32_t interest) {
  return (short)((interest & RS_READABLE ? POLLIN : 0) | (interest & RS_WRITABLE ? POLLOUT : 0));
}

static uint32_t from_poll(short events) {
  uint32_t ready = 0;
  if (events & POLLIN) ready |= RS_READABLE;
  if (events & POLLOUT) ready |= RS_WRITABLE;
  if (events & POLLHUP) ready |= RS_CLOSED;
  if (events & (POLLERR | POLLNVAL)) ready |= RS_FAILED;
  return ready;
}

/* 0 on time-out or when a signal handler ran. */
static int poll_for(struct pollfd *descriptors, nfds_t number, int64_t timeout_ns) {
  struct timespec limit = {.tv_sec = timeout_ns / NS_PER_S, .tv_nsec = timeout_ns % NS_PER_S};
  int count = ppoll(descriptors, number, timeout_ns < 0 ? NULL : &limit, NULL);
  if (count < 0) return errno == EINTR ? 0 : -errno;
  return count;
}

int rs_poll(int fd, uint32_t interest, int64_t timeout_ns) {
  struct pollfd one = {.fd = fd, .events = to_poll(interest)};
  int count = poll_for(&one, 1, timeout_ns);
  return count <= 0 ? count : (int)from_poll(one.revents);
}

/* epoll */

int rs_epoll_create(void) {
  int fd = epoll_create1(EPOLL_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

static int control(int epoll, int operation, int fd, uint32_t interest, uint64_t token) {
  struct epoll_event event = {.events = to_epoll(interest), .data.u64 = token};
  return epoll_ctl(epoll, operation, fd, &event) < 0 ? -errno : 0;
}

int rs_epoll_add(int epoll, int fd, uint32_t interest, uint64_t token) {
  return control(epoll, EPOLL_CTL_ADD, fd, interest, token);
}

int rs_epoll_change(int epoll, int fd, uint32_t interest, uint64_t token) {
  return control(epoll, EPOLL_CTL_MOD, fd, interest, token);
}

int rs_epoll_remove(int epoll, int fd) { return control(epoll, EPOLL_CTL_DEL, fd, 0, 0); }

/* epoll_pwait2 waits to the nanosecond (Linux 5.11). Before it, round up: waking early spins. */
static int wait_for(int epoll, struct epoll_event *events, int capacity, int64_t timeout_ns) {
#ifdef SYS_epoll_pwait2
  if (timeout_ns > 0) {
    struct timespec limit = {.tv_sec = timeout_ns / NS_PER_S, .tv_nsec = timeout_ns % NS_PER_S};
    long count = syscall(SYS_epoll_pwait2, epoll, events, capacity, &limit, NULL, (size_t)0);
    if (count >= 0 || errno != ENOSYS) return (int)count;
  }
#endif
  int64_t ms = timeout_ns < 0 ? -1 : (timeout_ns + NS_PER_MS - 1) / NS_PER_MS;
  return epoll_wait(epoll, events, capacity, ms > INT32_MAX ? INT32_MAX : (int)ms);
}

int rs_epoll_wait(int epoll, struct rs_ready *ready, int capacity, int64_t timeout_ns) {
  struct epoll_event events[BATCH_MAX];
  if (capacity > BATCH_MAX) capacity = BATCH_MAX;
  int count = wait_for(epoll, events, capacity, timeout_ns);
  if (count < 0) return errno == EINTR ? 0 : -errno;
  for (int i = 0; i < count; i++) {
    ready[i].token = events[i].data.u64;
    ready[i].readiness = from_epoll(events[i].events);
  }
  return count;
}

int rs_epoll_wait_and(int epoll, int fd, uint32_t interest, uint64_t token, struct rs_ready *ready,
                      int capacity, int64_t timeout_ns) {
  struct pollfd both[] = {{.fd = fd, .events = to_poll(interest)},
                          {.fd = epoll, .events = POLLIN}};
  int count = poll_for(both, 2, timeout_ns);
  if (count <= 0) return count;
  count = 0;
  if (both[0].revents) {
    ready[0].token = token;
    ready[0].readiness = from_poll(both[0].revents);
    count = 1;
  }
  if (!both[1].revents || count == capacity) return count;
  int more = rs_epoll_wait(epoll, ready + count, capacity - count, 0);
  return more < 0 ? more : count + more;
}

/* eventfd */

int rs_eventfd_create(void) {
  int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return fd < 0 ? -errno : fd;
}

int rs_eventfd_signal(int fd) {
  uint64_t one = 1;
  ssize_t put = rs_write(fd, &one, sizeof one);
  /* A full counter is a wake-up that nobody has taken yet: as good as ours. */
  return put < 0 && put != -EAGAIN ? (int)put : 0;
}

int rs_eventfd_clear(int fd) {
  uint64_t count = 0;
  ssize_t got = rs_read(fd, &count, sizeof count);
  if (got == -EAGAIN) return 0;
  return got < 0 ? (int)got : 1;
}

/* Signals */

static void fill(sigset_t *set, const int *signals, int count) {
  sigemptyset(set);
  for (int i = 0; i < count; i++) sigaddset(set, signals[i]);
}

int rs_signals_block(const int *signals, int count) {
  sigset_t set;
  fill(&set, signals, count);
  return -pthread_sigmask(SIG_BLOCK, &set, NULL);
}

int rs_signals_descriptor(const int *signals, int count) {
  sigset_t set;
  fill(&set, signals, count);
  int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  return fd < 0 ? -errno : fd;
}

int rs_signals_next(int fd) {
  struct signalfd_siginfo info;
  ssize_t got = rs_read(fd, &info, sizeof info);
  if (got == -EAGAIN) return 0;
  return got < 0 ? (int)got : (int)info.ssi_signo;
}

int rs_ignore_sigpipe(void) { return signal(SIGPIPE, SIG_IGN) == SIG_ERR ? -errno : 0; }

/* Threads */

int rs_thread_name(const char *name) {
  char cut[16];
  strncpy(cut, name, sizeof cut - 1);
  cut[sizeof cut - 1] = 0;
  return -pthread_setname_np(pthread_self(), cut);
}

int rs_thread_pin(int cpu) {
  cpu_set_t set;
  if (cpu < 0 || cpu >= CPU_SETSIZE) return -EINVAL;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return -pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

int rs_thread_keep(int processors) {
  cpu_set_t set;
  if (sched_getaffinity(getpid(), sizeof set, &set) < 0) return -errno;
  if (CPU_COUNT(&set) < 2) return 0;
  int last = CPU_SETSIZE - 1;
  while (!CPU_ISSET(last, &set)) last--;
  if (processors == RS_PROCESSORS_LAST) {
    CPU_ZERO(&set);
    CPU_SET(last, &set);
  } else if (processors == RS_PROCESSORS_OTHERS) {
    CPU_CLR(last, &set);
  }
  return -pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

/* inotify */

int rs_watch_create(void) {
  int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  return fd < 0 ? -errno : fd;
}

int rs_watch_add(int fd, const char *folder) {
  uint32_t mask = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE |
                  IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
  int watch = inotify_add_watch(fd, folder, mask);
  return watch < 0 ? -errno : watch;
}

int rs_watch_remove(int fd, int watch) { return inotify_rm_watch(fd, watch) < 0 ? -errno : 0; }

size_t rs_watch_decode(const void *bytes, size_t count, size_t offset,
                       struct rs_watch_event *event) {
  struct inotify_event head;
  if (offset + sizeof head > count) return 0;
  const char *at = (const char *)bytes + offset;
  memcpy(&head, at, sizeof head);
  event->watch = head.wd;
  event->what = 0;
  event->name = head.len > 0 ? at + sizeof head : "";
  if (head.mask & (IN_CLOSE_WRITE | IN_MOVED_TO)) event->what |= RS_WATCH_CHANGED;
  if (head.mask & (IN_DELETE | IN_MOVED_FROM)) event->what |= RS_WATCH_REMOVED;
  if (head.mask & IN_CREATE) event->what |= RS_WATCH_CREATED;
  if (head.mask & IN_ISDIR) event->what |= RS_WATCH_FOLDER;
  if (head.mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT)) event->what |= RS_WATCH_GONE;
  if (head.mask & IN_Q_OVERFLOW) event->what |= RS_WATCH_OVERFLOW;
  return offset + sizeof head + head.len;
}

int rs_is_link(const char *path) {
  struct stat about;
  if (lstat(path, &about) < 0) return 0;
  return S_ISLNK(about.st_mode) || (S_ISREG(about.st_mode) && about.st_nlink > 1);
}

int rs_is_folder(const char *path) {
  struct stat about;
  return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}
