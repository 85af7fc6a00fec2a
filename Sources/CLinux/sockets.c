/* Unix stream sockets and batches of UDP datagrams. */
#define _GNU_SOURCE
#include "CLinux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef SO_MEMINFO
#define SO_MEMINFO 55
#endif

/* Unix sockets */

static int unix_address(const char *path, struct sockaddr_un *address) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  if (strlen(path) >= sizeof address->sun_path) return -ENAMETOOLONG;
  strcpy(address->sun_path, path);
  return 0;
}

size_t rs_unix_path_max(void) { return sizeof ((struct sockaddr_un *)0)->sun_path - 1; }

static int unix_socket(void) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  return fd < 0 ? -errno : fd;
}

/* The mode is set on the socket before it has a name: at no instant may others connect. */
int rs_unix_listen(const char *path, int backlog) {
  struct sockaddr_un address;
  int bad = unix_address(path, &address);
  if (bad) return bad;
  int fd = unix_socket();
  if (fd < 0) return fd;
  if (fchmod(fd, 0600) < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
      chmod(path, 0600) < 0 || listen(fd, backlog) < 0) {
    bad = -errno;
    close(fd);
    return bad;
  }
  return fd;
}

int rs_unix_connect(const char *path) {
  struct sockaddr_un address;
  int bad = unix_address(path, &address);
  if (bad) return bad;
  int fd = unix_socket();
  if (fd < 0) return fd;
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
    bad = -errno;
    close(fd);
    return bad;
  }
  return fd;
}

int rs_unix_accept(int fd) {
  int client;
  do client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  while (client < 0 && (errno == EINTR || errno == ECONNABORTED));
  return client < 0 ? -errno : client;
}

int rs_unix_unlink(const char *path) { return unlink(path) < 0 ? -errno : 0; }

int rs_unix_kind(const char *path) {
  struct stat about;
  if (lstat(path, &about) < 0) return errno == ENOENT ? 0 : -errno;
  return S_ISSOCK(about.st_mode) ? 1 : -EEXIST;
}

int rs_lock_file(const char *path) {
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return -errno;
  if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
    int bad = -errno;
    close(fd);
    return bad;
  }
  return fd;
}

ssize_t rs_send(int fd, const void *bytes, size_t count) {
  ssize_t put;
  do put = send(fd, bytes, count, MSG_NOSIGNAL);
  while (put < 0 && errno == EINTR);
  return put < 0 ? -errno : put;
}

int rs_shutdown_write(int fd) { return shutdown(fd, SHUT_WR) < 0 ? -errno : 0; }

/* Addresses */

union address {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
};

static uint64_t load64(const uint8_t *bytes) {
  uint64_t value;
  memcpy(&value, bytes, sizeof value);
  return __builtin_bswap64(value);
}

static void store64(uint8_t *bytes, uint64_t value) {
  value = __builtin_bswap64(value);
  memcpy(bytes, &value, sizeof value);
}

static socklen_t to_address(const struct rs_peer *peer, union address *address) {
  memset(address, 0, sizeof *address);
  if (peer->family == 4) {
    address->v4.sin_family = AF_INET;
    address->v4.sin_port = htons(peer->port);
    address->v4.sin_addr.s_addr = htonl((uint32_t)peer->low);
    return sizeof address->v4;
  }
  address->v6.sin6_family = AF_INET6;
  address->v6.sin6_port = htons(peer->port);
  address->v6.sin6_scope_id = peer->scope;
  store64(address->v6.sin6_addr.s6_addr, peer->high);
  store64(address->v6.sin6_addr.s6_addr + 8, peer->low);
  return sizeof address->v6;
}

static void from_address(const union address *address, struct rs_peer *peer) {
  memset(peer, 0, sizeof *peer);
  if (address->any.sa_family == AF_INET) {
    peer->family = 4;
    peer->port = ntohs(address->v4.sin_port);
    peer->low = ntohl(address->v4.sin_addr.s_addr);
  } else {
    peer->family = 6;
    peer->port = ntohs(address->v6.sin6_port);
    peer->scope = address->v6.sin6_scope_id;
    peer->high = load64(address->v6.sin6_addr.s6_addr);
    peer->low = load64(address->v6.sin6_addr.s6_addr + 8);
  }
}

int rs_peer_parse(const char *text, uint16_t port, struct rs_peer *peer) {
  union address address;
  memset(&address, 0, sizeof address);
  if (inet_pton(AF_INET, text, &address.v4.sin_addr) == 1) {
    address.any.sa_family = AF_INET;
  } else if (inet_pton(AF_INET6, text, &address.v6.sin6_addr) == 1) {
    address.any.sa_family = AF_INET6;
  } else {
    return -EINVAL;
  }
  from_address(&address, peer);
  peer->port = port;
  return 0;
}

void rs_peer_text(const struct rs_peer *peer, char *text, size_t capacity) {
  union address address;
  to_address(peer, &address);
  const void *bytes = peer->family == 4 ? (const void *)&address.v4.sin_addr
                                        : (const void *)&address.v6.sin6_addr;
  if (!inet_ntop(address.any.sa_family, bytes, text, (socklen_t)capacity)) text[0] = 0;
}

/* TCP sockets */

/* A peer that has vanished is found out: after two minutes of silence the kernel asks, and what is
 * sent must be acknowledged within half a minute. */
static int tcp_options(int fd) {
  int on = 1, idle = 120, interval = 20, count = 4;
  unsigned patience = 30000;
  if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0 ||
      setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) < 0 ||
      setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle) < 0 ||
      setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval) < 0 ||
      setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count) < 0 ||
      setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience, sizeof patience) < 0)
    return -errno;
  return 0;
}

static int tcp_socket(int family) {
  int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  return fd < 0 ? -errno : fd;
}

int rs_tcp_listen(const struct rs_peer *local, int backlog) {
  union address address;
  socklen_t length = to_address(local, &address);
  int fd = tcp_socket(address.any.sa_family);
  if (fd < 0) return fd;
  int on = 1;
  int bad = 0;
  if (address.any.sa_family == AF_INET6)
    bad = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (!bad) bad = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (!bad) bad = bind(fd, &address.any, length);
  if (!bad) bad = listen(fd, backlog);
  if (bad) {
    bad = -errno;
    close(fd);
    return bad;
  }
  return fd;
}

int rs_tcp_accept(int fd, struct rs_peer *peer) {
  union address address;
  socklen_t length = sizeof address;
  int client;
  do client = accept4(fd, &address.any, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  while (client < 0 && (errno == EINTR || errno == ECONNABORTED));
  if (client < 0) return -errno;
  from_address(&address, peer);
  /* Options are refused on a connection that has ended already: reading will tell. */
  tcp_options(client);
  return client;
}

int rs_tcp_connect(const struct rs_peer *peer) {
  union address address;
  socklen_t length = to_address(peer, &address);
  int fd = tcp_socket(address.any.sa_family);
  if (fd < 0) return fd;
  int bad = tcp_options(fd);
  if (!bad && connect(fd, &address.any, length) < 0 && errno != EINPROGRESS) bad = -errno;
  if (bad) {
    close(fd);
    return bad;
  }
  return fd;
}

int rs_tcp_status(int fd) {
  int status = 0;
  socklen_t length = sizeof status;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &status, &length) < 0) return -errno;
  return -status;
}

int64_t rs_files_raise(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
  if (limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
  }
  return limit.rlim_cur == RLIM_INFINITY ? INT64_MAX : (int64_t)limit.rlim_cur;
}

/* UDP sockets */

int rs_udp_open(const struct rs_peer *local, uint32_t options) {
  union address address;
  socklen_t length = to_address(local, &address);
  int fd = socket(address.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  int on = 1;
  int bad = 0;
  if (address.any.sa_family == AF_INET6)
    bad = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (!bad && (options & RS_UDP_JOIN))
    bad = setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (!bad) bad = bind(fd, &address.any, length);
  if (!bad && (options & RS_UDP_SHARE))
    bad = setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (bad) {
    bad = -errno;
    close(fd);
    return bad;
  }
  return fd;
}

int rs_udp_local(int fd, struct rs_peer *local) {
  union address address;
  socklen_t length = sizeof address;
  if (getsockname(fd, &address.any, &length) < 0) return -errno;
  from_address(&address, local);
  return 0;
}

static int buffer(int fd, int force, int plain, int bytes) {
  int granted = 0;
  socklen_t length = sizeof granted;
  if (setsockopt(fd, SOL_SOCKET, force, &bytes, sizeof bytes) < 0 &&
      setsockopt(fd, SOL_SOCKET, plain, &bytes, sizeof bytes) < 0)
    return -errno;
  if (getsockopt(fd, SOL_SOCKET, plain, &granted, &length) < 0) return -errno;
  return granted;
}

int rs_udp_buffers(int fd, int bytes) {
  int receive = buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, bytes);
  if (receive < 0) return receive;
  int send = buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, bytes);
  return send < receive ? send : receive;
}

int64_t rs_udp_kernel_drops(int fd) {
  uint32_t info[SK_MEMINFO_VARS] = {0};
  socklen_t length = sizeof info;
  if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &length) < 0) return -errno;
  return length > SK_MEMINFO_DROPS * sizeof info[0] ? (int64_t)info[SK_MEMINFO_DROPS] : 0;
}

int rs_udp_can_segment(int fd) {
  int size = 0;
  socklen_t length = sizeof size;
  return getsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &size, &length) == 0;
}

/* Receiving. Buffers lie a full size plus an odd number of cache lines apart: at a round distance
 * all first lines would share one set of the cache. Pages without a datagram are never resident. */

struct rs_receiver {
  unsigned slots;
  unsigned filled;
  size_t size;
  size_t stride;
  uint8_t *memory;
  union address *addresses;
  struct iovec *vectors;
  struct mmsghdr *headers;
};

struct rs_receiver *rs_receiver_create(unsigned slots, size_t size) {
  struct rs_receiver *receiver = calloc(1, sizeof *receiver);
  if (!receiver) return NULL;
  receiver->slots = slots;
  receiver->size = size;
  receiver->stride = (size + 63) / 64 * 64 + 17 * 64;
  receiver->addresses = calloc(slots, sizeof *receiver->addresses);
  receiver->vectors = calloc(slots, sizeof *receiver->vectors);
  receiver->headers = calloc(slots, sizeof *receiver->headers);
  void *memory = mmap(NULL, receiver->stride * slots, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  receiver->memory = memory == MAP_FAILED ? NULL : memory;
  if (!receiver->addresses || !receiver->vectors || !receiver->headers || !receiver->memory) {
    rs_receiver_destroy(receiver);
    return NULL;
  }
  for (unsigned i = 0; i < slots; i++) {
    receiver->vectors[i].iov_base = receiver->memory + i * receiver->stride;
    receiver->vectors[i].iov_len = size;
    receiver->headers[i].msg_hdr.msg_name = &receiver->addresses[i];
    receiver->headers[i].msg_hdr.msg_iov = &receiver->vectors[i];
    receiver->headers[i].msg_hdr.msg_iovlen = 1;
  }
  return receiver;
}

void rs_receiver_destroy(struct rs_receiver *receiver) {
  if (!receiver) return;
  if (receiver->memory) munmap(receiver->memory, receiver->stride * receiver->slots);
  free(receiver->addresses);
  free(receiver->vectors);
  free(receiver->headers);
  free(receiver);
}

int rs_receiver_fill(struct rs_receiver *receiver, int fd) {
  for (unsigned i = 0; i < receiver->slots; i++)
    receiver->headers[i].msg_hdr.msg_namelen = sizeof receiver->addresses[i];
  int count;
  do count = recvmmsg(fd, receiver->headers, receiver->slots, MSG_DONTWAIT, NULL);
  while (count < 0 && errno == EINTR);
  receiver->filled = count < 0 ? 0 : (unsigned)count;
  return count < 0 ? -errno : count;
}

unsigned rs_receiver_filled(const struct rs_receiver *receiver) { return receiver->filled; }

const uint8_t *rs_receiver_bytes(const struct rs_receiver *receiver, unsigned slot) {
  return receiver->memory + slot * receiver->stride;
}

size_t rs_receiver_length(const struct rs_receiver *receiver, unsigned slot) {
  return receiver->headers[slot].msg_len;
}

int rs_receiver_truncated(const struct rs_receiver *receiver, unsigned slot) {
  return (receiver->headers[slot].msg_hdr.msg_flags & MSG_TRUNC) != 0;
}

/* Most messages are no longer than this. */
#define PREFETCH_BYTES 896

void rs_receiver_prefetch(const struct rs_receiver *receiver, unsigned slot) {
  if (slot >= receiver->slots) return;
  __builtin_prefetch(&receiver->headers[slot]);
  __builtin_prefetch(&receiver->addresses[slot]);
  const uint8_t *bytes = receiver->memory + slot * receiver->stride;
  for (size_t at = 0; at < PREFETCH_BYTES && at < receiver->size; at += 64)
    __builtin_prefetch(bytes + at);
}

void rs_receiver_peer(const struct rs_receiver *receiver, unsigned slot, struct rs_peer *peer) {
  from_address(&receiver->addresses[slot], peer);
}

/* Sending. One message carries one datagram, or with segmentation a run of datagrams of one size to
 * one peer (the last may be shorter), which the kernel cuts apart: the way through its layers is
 * what a datagram costs, and a run goes it once. A datagram joins the last message to its peer, also
 * when others were staged in between: each peer is sent to in the order of staging. */

#define SEGMENTS_MAX 64
#define SEGMENT_BYTES_MAX 65000
/* What fits into a packet wherever IPv6 may go; a larger run could be refused. */
#define SEGMENT_SIZE_MAX 1232
/* So many messages are looked at for one to the same peer. */
#define PEERS_MAX 8

union segment_control {
  struct cmsghdr header;
  uint8_t space[CMSG_SPACE(sizeof(uint16_t))];
};

struct rs_sender {
  unsigned slots;
  unsigned front;     /* first message not yet sent */
  unsigned messages;  /* messages made */
  unsigned datagrams; /* datagrams staged, sent ones included */
  unsigned sent;      /* datagrams of the messages before `front` */
  int segment;
  int sealed; /* the vectors are in the order of sending */
  unsigned *message;      /* by datagram: the message that carries it */
  unsigned *order;        /* by vector: the datagram that it is */
  struct iovec *staged;   /* by datagram */
  struct iovec *vectors;  /* in the order of sending */
  union address *addresses;
  struct mmsghdr *headers;
  union segment_control *controls;
};

struct rs_sender *rs_sender_create(unsigned slots) {
  struct rs_sender *sender = calloc(1, sizeof *sender);
  if (!sender) return NULL;
  sender->slots = slots;
  sender->message = calloc(slots, sizeof *sender->message);
  sender->order = calloc(slots, sizeof *sender->order);
  sender->staged = calloc(slots, sizeof *sender->staged);
  sender->vectors = calloc(slots, sizeof *sender->vectors);
  sender->addresses = calloc(slots, sizeof *sender->addresses);
  sender->headers = calloc(slots, sizeof *sender->headers);
  sender->controls = calloc(slots, sizeof *sender->controls);
  if (!sender->message || !sender->order || !sender->staged || !sender->vectors ||
      !sender->addresses || !sender->headers || !sender->controls) {
    rs_sender_destroy(sender);
    return NULL;
  }
  return sender;
}

void rs_sender_destroy(struct rs_sender *sender) {
  if (!sender) return;
  free(sender->message);
  free(sender->order);
  free(sender->staged);
  free(sender->vectors);
  free(sender->addresses);
  free(sender->headers);
  free(sender->controls);
  free(sender);
}

void rs_sender_segment(struct rs_sender *sender, int enabled) { sender->segment = enabled; }

int rs_sender_segments(const struct rs_sender *sender) { return sender->segment; }

/* The message that a datagram may join, or `messages`: the last one to its peer, if no datagram of
 * it is of another size. Until it is sealed, a message has its size in place of its vectors. */
static unsigned joins(const struct rs_sender *sender, size_t count, const union address *address,
                      socklen_t length) {
  const unsigned none = sender->messages;
  if (!sender->segment || count == 0 || count > SEGMENT_SIZE_MAX) return none;
  const unsigned first = none > PEERS_MAX ? none - PEERS_MAX : 0;
  for (unsigned i = none; i-- > first;) {
    const struct msghdr *header = &sender->headers[i].msg_hdr;
    if (header->msg_namelen != length || memcmp(header->msg_name, address, length) != 0) continue;
    const size_t size = header->msg_controllen;
    const size_t used = header->msg_iovlen;
    return count > size || header->msg_flags || used >= SEGMENTS_MAX ||
                   (used + 1) * size > SEGMENT_BYTES_MAX
               ? none
               : i;
  }
  return none;
}

int rs_sender_stage(struct rs_sender *sender, const void *bytes, size_t count,
                    const struct rs_peer *peer) {
  if (sender->sealed || sender->datagrams >= sender->slots) return 0;
  union address address;
  const socklen_t length = to_address(peer, &address);
  const unsigned message = joins(sender, count, &address, length);
  struct msghdr *header = &sender->headers[message].msg_hdr;
  if (message == sender->messages) {
    memset(header, 0, sizeof *header);
    sender->addresses[message] = address;
    header->msg_name = &sender->addresses[message];
    header->msg_namelen = length;
    header->msg_controllen = count;
    sender->messages++;
  }
  header->msg_iovlen++;
  /* Behind a shorter one nothing follows. */
  header->msg_flags = count != header->msg_controllen;
  sender->message[sender->datagrams] = message;
  sender->staged[sender->datagrams].iov_base = (void *)(uintptr_t)bytes;
  sender->staged[sender->datagrams].iov_len = count;
  sender->datagrams++;
  return 1;
}

static void mark_segments(struct rs_sender *sender, unsigned message, uint16_t size) {
  struct msghdr *header = &sender->headers[message].msg_hdr;
  union segment_control *control = &sender->controls[message];
  memset(control, 0, sizeof *control);
  control->header.cmsg_level = IPPROTO_UDP;
  control->header.cmsg_type = UDP_SEGMENT;
  control->header.cmsg_len = CMSG_LEN(sizeof size);
  memcpy(CMSG_DATA(&control->header), &size, sizeof size);
  header->msg_control = control;
  header->msg_controllen = sizeof control->space;
}

/* Gives every message its vectors, which must lie together. */
static void seal(struct rs_sender *sender) {
  sender->sealed = 1;
  struct iovec *vector = sender->vectors;
  for (unsigned i = 0; i < sender->messages; i++) {
    struct msghdr *header = &sender->headers[i].msg_hdr;
    header->msg_iov = vector;
    vector += header->msg_iovlen;
    if (header->msg_iovlen > 1) {
      mark_segments(sender, i, (uint16_t)header->msg_controllen);
    } else {
      header->msg_controllen = 0;
    }
    header->msg_flags = 0;
    header->msg_iovlen = 0;
  }
  for (unsigned i = 0; i < sender->datagrams; i++) {
    struct msghdr *header = &sender->headers[sender->message[i]].msg_hdr;
    struct iovec *place = &header->msg_iov[header->msg_iovlen++];
    *place = sender->staged[i];
    sender->order[place - sender->vectors] = i;
  }
}

unsigned rs_sender_staged(const struct rs_sender *sender) {
  return sender->datagrams - sender->sent;
}

unsigned rs_sender_unsent(const struct rs_sender *sender, unsigned index) {
  return sender->order[sender->sent + index];
}

unsigned rs_sender_front(const struct rs_sender *sender) {
  if (sender->front == sender->messages) return 0;
  return (unsigned)sender->headers[sender->front].msg_hdr.msg_iovlen;
}

void rs_sender_skip(struct rs_sender *sender) {
  sender->sent += rs_sender_front(sender);
  if (sender->front < sender->messages) sender->front++;
}

void rs_sender_apart(struct rs_sender *sender, int reason) {
  /* No checksums by the device, or no room in its packets: that will be so the next time. */
  if (reason == -EIO || reason == -EINVAL) sender->segment = 0;
  /* From behind: a message never gets a lower number. */
  unsigned next = sender->front + rs_sender_staged(sender);
  const unsigned messages = next;
  for (unsigned i = sender->messages; i-- > sender->front;) {
    const union address address = sender->addresses[i];
    const struct msghdr run = sender->headers[i].msg_hdr;
    for (size_t part = run.msg_iovlen; part-- > 0;) {
      struct msghdr *header = &sender->headers[--next].msg_hdr;
      memset(header, 0, sizeof *header);
      sender->addresses[next] = address;
      header->msg_name = &sender->addresses[next];
      header->msg_namelen = run.msg_namelen;
      header->msg_iov = run.msg_iov + part;
      header->msg_iovlen = 1;
    }
  }
  sender->messages = messages;
}

int rs_sender_flush(struct rs_sender *sender, int fd) {
  if (!sender->sealed) seal(sender);
  if (sender->front == sender->messages) return 0;
  int count;
  do count = sendmmsg(fd, sender->headers + sender->front, sender->messages - sender->front,
                      MSG_DONTWAIT | MSG_NOSIGNAL);
  while (count < 0 && errno == EINTR);
  if (count < 0) return -errno;
  unsigned datagrams = 0;
  for (int i = 0; i < count; i++)
    datagrams += (unsigned)sender->headers[sender->front + (unsigned)i].msg_hdr.msg_iovlen;
  sender->front += (unsigned)count;
  sender->sent += datagrams;
  return (int)datagrams;
}

void rs_sender_clear(struct rs_sender *sender) {
  sender->front = sender->messages = sender->datagrams = sender->sent = 0;
  sender->sealed = 0;
}
