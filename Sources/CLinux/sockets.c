/* Unix stream sockets, and batches of UDP datagrams that come. */
#define _GNU_SOURCE
#include "sockets.h"

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

static uint64_t load64(const uint8_t *bytes) {
  uint64_t value;
  memcpy(&value, bytes, sizeof value);
  return __builtin_bswap64(value);
}

static void store64(uint8_t *bytes, uint64_t value) {
  value = __builtin_bswap64(value);
  memcpy(bytes, &value, sizeof value);
}

socklen_t rs_to_address(const struct rs_peer *peer, union rs_address *address) {
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

static void from_address(const union rs_address *address, struct rs_peer *peer) {
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
  union rs_address address;
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
  union rs_address address;
  rs_to_address(peer, &address);
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
  union rs_address address;
  socklen_t length = rs_to_address(local, &address);
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
  union rs_address address;
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
  union rs_address address;
  socklen_t length = rs_to_address(peer, &address);
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
  union rs_address address;
  socklen_t length = rs_to_address(local, &address);
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
  union rs_address address;
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

int rs_udp_can_segment(void) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return 0;
  int size = 0;
  socklen_t length = sizeof size;
  const int can = getsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &size, &length) == 0;
  close(fd);
  return can;
}

/* Receiving. Buffers lie a full size plus an odd number of cache lines apart: at a round distance
 * all first lines would share one set of the cache. Pages without a datagram are never resident. */

struct rs_receiver {
  unsigned slots;
  unsigned filled;
  size_t size;
  size_t stride;
  uint8_t *memory;
  union rs_address *addresses;
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
