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
  while (count + 4 <= length &&
         (rs_byte_kinds[bytes[count]] & rs_byte_kinds[bytes[count + 1]] &
          rs_byte_kinds[bytes[count + 2]] & rs_byte_kinds[bytes[count + 3]] & kind))
    count += 4;
  while (count < length && rs_byte_is(bytes[count], kind)) count++;
  return count;
}

/* Where the first such byte is, or `length`. Most are found a few bytes on, where a call of memchr
 * costs more than the search. Whole aligned vectors are read, which stay in the page of a byte that
 * may be read; a sanitizer would object. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define RS_EXACT_READS 1
#endif
#endif
#if defined(__SSE2__) && !defined(RS_EXACT_READS)
typedef char rs_vector __attribute__((vector_size(16), may_alias));

static inline size_t rs_find(const uint8_t *bytes, size_t length, uint8_t wanted) {
  if (length == 0) return 0;
  const size_t skipped = (uintptr_t)bytes & 15;
  const rs_vector *vector = (const rs_vector *)((uintptr_t)bytes - skipped);
  const rs_vector all = (rs_vector){} + (char)wanted;
  unsigned found = (unsigned)__builtin_ia32_pmovmskb128(*vector == all) >> skipped;
  size_t start = 0, next = 16 - skipped;
  while (found == 0) {
    if (next >= length) return length;
    start = next;
    next += 16;
    found = (unsigned)__builtin_ia32_pmovmskb128(*++vector == all);
  }
  start += (size_t)__builtin_ctz(found);
  return start < length ? start : length;
}
#else
static inline size_t rs_find(const uint8_t *bytes, size_t length, uint8_t wanted) {
  const uint8_t *found = length == 0 ? NULL : memchr(bytes, wanted, length);
  return found == NULL ? length : (size_t)(found - bytes);
}
#endif

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
