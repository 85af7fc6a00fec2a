/* What the C files for sockets share. */
#ifndef RS_SOCKETS_H
#define RS_SOCKETS_H

#include "CLinux.h"

#include <netinet/in.h>
#include <sys/socket.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

union rs_address {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
};

/* The address as the kernel wants it, and its length. */
socklen_t rs_to_address(const struct rs_peer *peer, union rs_address *address);

#endif
