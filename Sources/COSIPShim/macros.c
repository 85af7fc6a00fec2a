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

long rs_count_carriage_returns(const void *bytes, size_t length) {
  const uint8_t *byte = bytes;
  uint32_t returns = 0;
  uint8_t control = 0;
  for (size_t i = 0; i < length; i++) {
    uint8_t b = byte[i];
    returns += b == '\r';
    control |= (uint8_t)((b < 0x20) & (b != '\r') & (b != '\n') & (b != '\t'));
    control |= b == 0x7f;
  }
  return control ? -1 : (long)returns;
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
