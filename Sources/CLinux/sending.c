/* Batches of UDP datagrams that are sent.
 *
 * One message carries one datagram, or with segmentation a run of datagrams of one size to one peer
 * (the last may be shorter), which the kernel cuts apart: the way through its layers is what a
 * datagram costs, and a run goes it once. A datagram joins the last message to its peer, although
 * others were staged in between: each peer is sent to in the order of staging. (ADR 0027) */
#define _GNU_SOURCE
#include "sockets.h"

#include <errno.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>

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
  union rs_address *addresses;
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
 * it is of another size, or too large for a run. Until it is sealed, a message has its size where
 * the length of its control data belongs, and its flags say that it has ended. */
static unsigned joins(const struct rs_sender *sender, size_t count, const union rs_address *address,
                      socklen_t length) {
  const unsigned none = sender->messages;
  if (!sender->segment || count == 0) return none;
  const unsigned first = none > PEERS_MAX ? none - PEERS_MAX : 0;
  for (unsigned i = none; i-- > first;) {
    const struct msghdr *header = &sender->headers[i].msg_hdr;
    if (header->msg_namelen != length || memcmp(header->msg_name, address, length) != 0) continue;
    const size_t size = header->msg_controllen;
    const size_t used = header->msg_iovlen;
    const int fits = count <= size && size <= SEGMENT_SIZE_MAX && used < SEGMENTS_MAX &&
                     (used + 1) * size <= SEGMENT_BYTES_MAX;
    return fits && !header->msg_flags ? i : none;
  }
  return none;
}

int rs_sender_stage(struct rs_sender *sender, const void *bytes, size_t count,
                    const struct rs_peer *peer) {
  if (sender->sealed || sender->datagrams >= sender->slots) return 0;
  union rs_address address;
  const socklen_t length = rs_to_address(peer, &address);
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
  if (reason == -EIO || reason == -EINVAL || reason == -EMSGSIZE) sender->segment = 0;
  /* From behind: a message never gets a lower number. */
  unsigned next = sender->front + rs_sender_staged(sender);
  const unsigned messages = next;
  for (unsigned i = sender->messages; i-- > sender->front;) {
    const union rs_address address = sender->addresses[i];
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
