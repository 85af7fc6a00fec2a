// The character classes of Lua patterns (%a, %d, ...), in ASCII whatever the locale.

#ifndef RS_CHARACTER_CLASS_H
#define RS_CHARACTER_CLASS_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static inline bool in_class(int c, int letter) {
  bool upper = c >= 'A' && c <= 'Z', lower = c >= 'a' && c <= 'z', digit = c >= '0' && c <= '9';
  bool graphic = c > ' ' && c < 127;
  switch (letter | 0x20) {
    case 'a': return upper || lower;
    case 'c': return c < ' ' || c == 127;
    case 'd': return digit;
    case 'g': return graphic;
    case 'l': return lower;
    case 'p': return graphic && !(upper || lower || digit);
    case 's': return c == ' ' || (c >= '\t' && c <= '\r');
    case 'u': return upper;
    case 'w': return upper || lower || digit;
    case 'x': return digit || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
    default: return false;
  }
}

static inline bool is_class(int letter) {
  return letter != 0 && strchr("acdglpsuwxACDGLPSUWX", letter) != NULL;
}

#endif
