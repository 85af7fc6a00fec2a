#include "COSIPShim.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>

static pthread_once_t started = PTHREAD_ONCE_INIT;
static int start_result;

static void swallow(const char *file, int line, osip_trace_level_t level, const char *format,
                    va_list arguments) {
  (void)file;
  (void)line;
  (void)level;
  (void)format;
  (void)arguments;
}

static void start_once(void) {
  osip_trace_initialize_func(END_TRACE_LEVEL, swallow);
  for (int level = TRACE_LEVEL0; level < END_TRACE_LEVEL; level++) {
    osip_trace_disable_level((osip_trace_level_t)level);
  }
  start_result = parser_init();
}

int rs_osip_start(void) {
  pthread_once(&started, start_once);
  return start_result;
}

typedef uint8_t rs_bytes __attribute__((vector_size(16)));

/* At most 255 vectors: each lane counts in eight bits. */
static size_t count_in_vectors(const uint8_t *byte, size_t vectors) {
  rs_bytes counts = {0};
  for (size_t i = 0; i < vectors; i++) {
    rs_bytes next;
    memcpy(&next, byte + 16 * i, sizeof next);
    counts -= (rs_bytes)((next < 0x20) & (next != '\t'));
  }
  size_t sum = 0;
  for (int lane = 0; lane < 16; lane++) {
    sum += counts[lane];
  }
  return sum;
}

size_t rs_count_controls(const void *bytes, size_t length) {
  const uint8_t *byte = bytes;
  size_t sum = 0;
  while (length >= 16) {
    size_t vectors = length / 16 < 255 ? length / 16 : 255;
    sum += count_in_vectors(byte, vectors);
    byte += 16 * vectors;
    length -= 16 * vectors;
  }
  for (size_t i = 0; i < length; i++) {
    sum += byte[i] < 0x20 && byte[i] != '\t';
  }
  return sum;
}

int rs_is_request(const osip_message_t *message) { return MSG_IS_REQUEST(message); }

void rs_free(void *memory) { osip_free(memory); }

void *rs_list_get(const osip_list_t *list, int position) {
  return osip_list_get((osip_list_t *)list, position);
}

int rs_list_size(const osip_list_t *list) { return osip_list_size(list); }

osip_body_t *rs_bodies(const osip_message_t *message, int position) {
  return osip_list_get((osip_list_t *)&message->bodies, position);
}
