/* Which byte may stand where in a SIP message. */
#include "COSIPShim.h"

#define IN(b, low, high) ((b) >= (low) && (b) <= (high))
#define IS_DIGIT_OR_LETTER(b) (IN(b, '0', '9') || IN(b, 'A', 'Z') || IN(b, 'a', 'z'))
#define IS_HOST(b) (IS_DIGIT_OR_LETTER(b) || (b) == '-' || (b) == '.' || (b) == '_')
#define IS_TOKEN(b)                                                                    \
  (IS_HOST(b) || (b) == '!' || (b) == '%' || (b) == '*' || (b) == '+' || (b) == '`' || \
   (b) == '\'' || (b) == '~')
#define IS_BRACKET(b) ((b) == '[' || (b) == ']')
#define IS_WORD(b)                                                                  \
  (IS_TOKEN(b) || IS_BRACKET(b) || (b) == '(' || (b) == ')' || (b) == '<' ||        \
   (b) == '>' || (b) == ':' || (b) == '/' || (b) == '?' || (b) == '{' || (b) == '}' || \
   (b) == '@')
#define IS_NAME(b) (IN(b, 0x21, 0x7E) && (b) != ':')
#define IS_QUOTED(b) (IN(b, 0x20, 0x7E) && (b) != '"' && (b) != '\\')
#define IS_URI(b)                                                             \
  (IS_QUOTED(b) && (b) != ' ' && (b) != '%' && (b) != ',' && (b) != '<' &&    \
   (b) != '>' && (b) != '?')
#define IS_VIA(b) (IS_TOKEN(b) || IS_BRACKET(b) || (b) == ':')
#define IS_VISIBLE(b) ((b) > 0x20 && (b) != 0x7F)

#define KINDS(b)                                                            \
  ((IS_TOKEN(b) ? RS_TOKEN : 0) | (IS_HOST(b) ? RS_HOST : 0) |              \
   (IS_URI(b) ? RS_URI : 0) | (IS_VIA(b) ? RS_VIA : 0) |                    \
   (IS_WORD(b) ? RS_WORD : 0) | (IS_QUOTED(b) ? RS_QUOTED : 0) |            \
   (IS_NAME(b) ? RS_NAME : 0) | (IS_VISIBLE(b) ? RS_VISIBLE : 0))
#define FOUR(b) KINDS(b), KINDS((b) + 1), KINDS((b) + 2), KINDS((b) + 3)
#define ROW(b) FOUR(b), FOUR((b) + 4), FOUR((b) + 8), FOUR((b) + 12)

const uint8_t rs_byte_kinds[256] = {
    ROW(0x00), ROW(0x10), ROW(0x20), ROW(0x30), ROW(0x40), ROW(0x50), ROW(0x60), ROW(0x70),
    ROW(0x80), ROW(0x90), ROW(0xA0), ROW(0xB0), ROW(0xC0), ROW(0xD0), ROW(0xE0), ROW(0xF0),
};
