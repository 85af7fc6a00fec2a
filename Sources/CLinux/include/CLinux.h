/* What Linux offers and the Glibc module does not: epoll, eventfd, signalfd, inotify, batches of
 * datagrams, Unix sockets. Every function that can fail returns a negative errno: Swift must never
 * read errno after the fact. Nothing here keeps state of its own, except struct rs_receiver and
 * struct rs_sender, which their Swift owners create and destroy. */
#ifndef CLINUX_H
#define CLINUX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What a descriptor is ready for, or what a registration asks for. */
#define RS_READABLE 1u
#define RS_WRITABLE 2u
#define RS_CLOSED 4u
#define RS_FAILED 8u

struct rs_ready {
  uint64_t token;
  uint32_t readiness;
};

/* A peer's address: an IPv4 address is the low 32 bits of `low`; numbers are in host order. */
struct rs_peer {
  uint64_t high;
  uint64_t low;
  uint32_t scope;
  uint16_t port;
  uint8_t family; /* 4 or 6 */
};

#define RS_WATCH_CHANGED 1u  /* written and closed, or moved into place */
#define RS_WATCH_REMOVED 2u  /* deleted or moved away */
#define RS_WATCH_CREATED 4u  /* appeared; its writer may still be writing */
#define RS_WATCH_FOLDER 8u   /* the subject is a folder */
#define RS_WATCH_GONE 16u    /* the watched folder itself is gone */
#define RS_WATCH_OVERFLOW 32u

struct rs_watch_event {
  int watch;
  uint32_t what;
  const char *name; /* inside the buffer that was read; empty for the folder itself */
};

/* Makes the heap of the C library one piece for all threads that grows by megabytes: a thread's own
 * grows page by page, with a system call each. */
void rs_heap_together(void);

/* Clocks. */
uint64_t rs_monotonic_ns(void);
uint64_t rs_realtime_ns(void);

/* Descriptors. */
int rs_close(int fd);
ssize_t rs_read(int fd, void *bytes, size_t count);
ssize_t rs_write(int fd, const void *bytes, size_t count);
/* Waits for one descriptor; 0 on time-out or when a signal handler ran, else RS_* bits.
 * A negative time-out waits for ever. */
int rs_poll(int fd, uint32_t interest, int64_t timeout_ns);

/* epoll. A negative time-out waits for ever. */
int rs_epoll_create(void);
int rs_epoll_add(int epoll, int fd, uint32_t interest, uint64_t token);
int rs_epoll_change(int epoll, int fd, uint32_t interest, uint64_t token);
int rs_epoll_remove(int epoll, int fd);
int rs_epoll_wait(int epoll, struct rs_ready *ready, int capacity, int64_t timeout_ns);
/* The same, and for one descriptor more that is not in the epoll. */
int rs_epoll_wait_and(int epoll, int fd, uint32_t interest, uint64_t token, struct rs_ready *ready,
                      int capacity, int64_t timeout_ns);

/* eventfd. */
int rs_eventfd_create(void);
int rs_eventfd_signal(int fd);
/* Takes the counter to zero; 1 when it was not zero, 0 when it was. */
int rs_eventfd_clear(int fd);

/* Signals. */
int rs_signals_block(const int *signals, int count);
int rs_signals_descriptor(const int *signals, int count);
/* The next signal's number, 0 when there is none. */
int rs_signals_next(int fd);
int rs_ignore_sigpipe(void);

/* Threads (names are cut to the kernel's 15 characters). */
int rs_thread_name(const char *name);
int rs_thread_pin(int cpu);
#define RS_PROCESSORS_ALL 0
#define RS_PROCESSORS_LAST 1
#define RS_PROCESSORS_OTHERS 2
/* Keeps the calling thread to processors among those of the process's first thread: to all, to the
 * last one, or to all but that. Where there is only one, nothing changes. */
int rs_thread_keep(int processors);

/* inotify. */
int rs_watch_create(void);
int rs_watch_add(int fd, const char *folder);
int rs_watch_remove(int fd, int watch);
/* Decodes the event at `offset`; returns the next offset, 0 when there is none. */
size_t rs_watch_decode(const void *bytes, size_t count, size_t offset,
                       struct rs_watch_event *event);
/* 1 when the path is a symbolic link or has several names: nobody will write and close it. */
int rs_is_link(const char *path);
int rs_is_folder(const char *path);
/* Text of an errno. */
void rs_error_text(int code, char *text, size_t capacity);

/* Unix sockets: non-blocking, close-on-exec. */
size_t rs_unix_path_max(void);
int rs_unix_listen(const char *path, int backlog);
int rs_unix_connect(const char *path);
int rs_unix_accept(int fd);
int rs_unix_unlink(const char *path);
/* 1 a socket, 0 nothing there, -EEXIST something else. */
int rs_unix_kind(const char *path);
/* Opens and locks a file that no other process has locked; -EWOULDBLOCK when one has. */
int rs_lock_file(const char *path);
ssize_t rs_send(int fd, const void *bytes, size_t count);
int rs_shutdown_write(int fd);

/* TCP sockets: non-blocking, close-on-exec, without delay, with keep-alives of two minutes. */
int rs_tcp_listen(const struct rs_peer *local, int backlog);
int rs_tcp_accept(int fd, struct rs_peer *peer);
/* Begins to connect: writable when it is there, or failed. */
int rs_tcp_connect(const struct rs_peer *peer);
/* 0 when the connection is there, else the negative errno that it failed with. */
int rs_tcp_status(int fd);
/* Lets this process have as many descriptors as the system allows; gives the number. */
int64_t rs_files_raise(void);

/* Datagrams. */
int rs_peer_parse(const char *address, uint16_t port, struct rs_peer *peer);
void rs_peer_text(const struct rs_peer *peer, char *text, size_t capacity);

/* RS_UDP_JOIN shares the port with sockets that let it be shared. RS_UDP_SHARE takes the port for
 * itself first and lets others join then: a port that another program has is still refused. */
#define RS_UDP_JOIN 1u
#define RS_UDP_SHARE 2u
int rs_udp_open(const struct rs_peer *local, uint32_t options);
int rs_udp_local(int fd, struct rs_peer *local);
/* Asks for socket buffers of that many bytes; gives the smaller of the two that were granted. */
int rs_udp_buffers(int fd, int bytes);
/* Datagrams that the kernel dropped because the receive buffer was full. */
int64_t rs_udp_kernel_drops(int fd);
/* Whether the kernel knows UDP_SEGMENT (Linux 4.18); an older one would send a run as it is. */
int rs_udp_can_segment(void);

/* A pool of buffers for recvmmsg. */
struct rs_receiver;
struct rs_receiver *rs_receiver_create(unsigned slots, size_t buffer_bytes);
void rs_receiver_destroy(struct rs_receiver *receiver);
/* Fills slots 0..<n and gives n. */
int rs_receiver_fill(struct rs_receiver *receiver, int fd);
/* How many datagrams there are since then. */
unsigned rs_receiver_filled(const struct rs_receiver *receiver);
const uint8_t *rs_receiver_bytes(const struct rs_receiver *receiver, unsigned slot);
size_t rs_receiver_length(const struct rs_receiver *receiver, unsigned slot);
int rs_receiver_truncated(const struct rs_receiver *receiver, unsigned slot);
/* Asks for a slot ahead of time, when another processor's cache has it; any slot may be named. */
void rs_receiver_prefetch(const struct rs_receiver *receiver, unsigned slot);
void rs_receiver_peer(const struct rs_receiver *receiver, unsigned slot, struct rs_peer *peer);

/* A batch for sendmmsg. Staged bytes are not copied: they must outlive the flush. */
struct rs_sender;
struct rs_sender *rs_sender_create(unsigned slots);
void rs_sender_destroy(struct rs_sender *sender);
void rs_sender_segment(struct rs_sender *sender, int enabled);
int rs_sender_segments(const struct rs_sender *sender);
/* 1 staged, 0 the batch is full, or flushed and not cleared since. */
int rs_sender_stage(struct rs_sender *sender, const void *bytes, size_t count,
                    const struct rs_peer *peer);
unsigned rs_sender_staged(const struct rs_sender *sender);
/* Sends from the front and forgets what it sent: datagrams sent, or negative errno of the first.
 * Each peer is sent to in the order of staging. */
int rs_sender_flush(struct rs_sender *sender, int fd);
/* How many datagrams belong to the message at the front. */
unsigned rs_sender_front(const struct rs_sender *sender);
/* Gives up the message at the front. */
void rs_sender_skip(struct rs_sender *sender);
/* Which datagram, in the order of staging, is sent as the next but so many; once it was flushed. */
unsigned rs_sender_unsent(const struct rs_sender *sender, unsigned index);
/* A run was refused for this reason (a negative errno): what is left is sent one by one, and so is
 * all that is staged from now on if runs are what is refused. */
void rs_sender_apart(struct rs_sender *sender, int reason);
void rs_sender_clear(struct rs_sender *sender);

#endif
