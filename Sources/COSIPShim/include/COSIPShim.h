/* libosip2's macros as functions, its initialisation with a silent trace, and one loop over
 * bytes. */
#ifndef COSIPSHIM_H
#define COSIPSHIM_H

#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include <osipparser2/osip_parser.h>

/* Prepares the parser, once per process, and makes it silent: it prints to standard output
 * otherwise. Safe to call from any thread, any number of times. 0 when all is well. */
int rs_osip_start(void);

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
