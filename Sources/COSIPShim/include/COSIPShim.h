/* libosip2's macros as functions, its initialisation with a silent trace, and loops over bytes. */
#ifndef COSIPSHIM_H
#define COSIPSHIM_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include <osipparser2/osip_parser.h>

/* Prepares the parser, once per process, and makes it silent: it prints to standard output
 * otherwise. Safe to call from any thread, any number of times. 0 when all is well. */
int rs_osip_start(void);

/* What a byte may be a part of, as bits (RFC 3261 25.1): a token; a host name; a URI that needs no
 * parser; the value of a Via parameter; a "word" or "@", but no quote and no backslash; a quoted
 * string that needs no parser; the name of a header; anything that is neither blank nor control. */
#define RS_TOKEN 1
#define RS_HOST 2
#define RS_URI 4
#define RS_VIA 8
#define RS_WORD 16
#define RS_QUOTED 32
#define RS_NAME 64
#define RS_VISIBLE 128

extern const uint8_t rs_byte_kinds[256];

static inline int rs_byte_is(uint8_t byte, uint8_t kind) {
  return (rs_byte_kinds[byte] & kind) != 0;
}

/* How many bytes from the first one on are of a kind. */
static inline size_t rs_run(const uint8_t *bytes, size_t length, uint8_t kind) {
  size_t count = 0;
  while (count < length && rs_byte_is(bytes[count], kind)) count++;
  return count;
}

/* The number of bytes below 0x20 other than tab. */
size_t rs_count_controls(const void *bytes, size_t length);

int rs_is_request(const osip_message_t *message);
void rs_free(void *memory);

/* The element at a position of one of libosip2's lists, or NULL. */
void *rs_list_get(const osip_list_t *list, int position);
int rs_list_size(const osip_list_t *list);

osip_body_t *rs_bodies(const osip_message_t *message, int position);

/* The value at a position of the header with a long name in any case, as new text that rs_free
 * frees; NULL behind the last one. */
char *rs_header(const osip_message_t *message, const char *name, int position);

#endif
