// string.find, match, gmatch and gsub with a matcher that counts its steps.
//
// Lua's own matcher backtracks for as long as it likes and no hook sees it: seven `.-` on sixty
// characters ran for 91 s. Here a pattern is first compiled into items, and every item tried is
// charged to the script's instruction budget, so that the work is bounded and the bound exact.
// Source of the semantics: the Lua 5.4 reference manual, 6.4.1. Lengths, items and nesting are
// limited; letters are those of ASCII, whatever the locale.

#include "character_class.h"
#include "internal.h"

#define ITEMS_MAX 192
#define SETS_MAX 24
#define DEPTH_MAX 180
#define CAPTURES_MAX 32
#define CHUNK 512  // steps between two visits to the budget

typedef enum {
  CHARACTER,
  ANYTHING,
  MEMBER,
  OPEN,
  POSITION,
  CLOSE,
  BACK,
  BALANCE,
  FRONTIER,
  END,
  DONE,
} item_kind;

typedef struct {
  uint8_t kind;
  uint8_t repeat;  // 0, or one of * + - ?
  uint8_t a;
  uint8_t b;
} item;

typedef struct {
  int count;
  int sets;
  item items[ITEMS_MAX];
  uint8_t members[SETS_MAX][32];
} program;

#define STILL_OPEN -1
#define IS_POSITION -2

typedef struct {
  const char *start;
  ptrdiff_t length;
} capture;

typedef struct {
  lua_State *L;
  const program *code;
  const char *subject;
  const char *end;
  int64_t steps;
  int depth;
  int level;
  capture captures[CAPTURES_MAX];
} matcher;

// MARK: Compiling

static void add_member(uint8_t *set, int c) { set[c >> 3] |= (uint8_t)(1 << (c & 7)); }

static bool has(const uint8_t *set, int c) { return (set[c >> 3] >> (c & 7)) & 1; }

static void add_class(uint8_t *set, int letter) {
  bool wanted = letter >= 'a';
  for (int c = 0; c < 256; c++) {
    if (in_class(c, letter) == wanted) add_member(set, c);
  }
}

static uint8_t *new_set(lua_State *L, program *code) {
  if (code->sets >= SETS_MAX) luaL_error(L, "pattern too long (more than %d classes)", SETS_MAX);
  uint8_t *set = code->members[code->sets++];
  memset(set, 0, 32);
  return set;
}

// Compiles the set whose `[` has just been read; returns what follows its `]`.
static const char *compile_set(lua_State *L, program *code, const char *p, const char *end) {
  uint8_t *set = new_set(L, code);
  bool negated = p < end && *p == '^';
  if (negated) p++;
  bool first = true;
  for (;; first = false) {
    if (p >= end) luaL_error(L, "malformed pattern (missing ']')");
    unsigned char c = (unsigned char)*p++;
    if (c == ']' && !first) break;
    if (c == '%') {
      if (p >= end) luaL_error(L, "malformed pattern (missing ']')");
      c = (unsigned char)*p++;
      if (is_class(c)) {
        add_class(set, c);
      } else {
        add_member(set, c);
      }
    } else if (p + 1 < end && *p == '-' && p[1] != ']') {
      for (int member = c; member <= (unsigned char)p[1]; member++) add_member(set, member);
      p += 2;
    } else {
      add_member(set, c);
    }
  }
  if (negated) {
    for (int i = 0; i < 32; i++) set[i] = (uint8_t)~set[i];
  }
  return p;
}

// Compiles what follows a `%`; returns what follows it.
static const char *compile_escape(lua_State *L, program *code, item *out, const char *p,
                                  const char *end) {
  if (p >= end) luaL_error(L, "malformed pattern (ends with '%%')");
  unsigned char c = (unsigned char)*p++;
  if (c == 'b') {
    if (end - p < 2) luaL_error(L, "malformed pattern (missing arguments to '%%b')");
    *out = (item){BALANCE, 0, (uint8_t)p[0], (uint8_t)p[1]};
    return p + 2;
  }
  if (c == 'f') {
    if (p >= end || *p != '[') {
      luaL_error(L, "malformed pattern (missing '[' after '%%f' in pattern)");
    }
    *out = (item){FRONTIER, 0, (uint8_t)code->sets, 0};
    return compile_set(L, code, p + 1, end);
  }
  if (c >= '0' && c <= '9') {
    *out = (item){BACK, 0, (uint8_t)(c - '1'), 0};
    return p;
  }
  if (is_class(c)) {
    *out = (item){MEMBER, 0, (uint8_t)code->sets, 0};
    add_class(new_set(L, code), c);
    return p;
  }
  *out = (item){CHARACTER, 0, c, 0};
  return p;
}

static void compile(lua_State *L, program *code, const char *p, size_t count) {
  const char *end = p + count;
  code->count = 0;
  code->sets = 0;
  while (p < end) {
    if (code->count >= ITEMS_MAX - 1) {
      luaL_error(L, "pattern too long (more than %d items)", ITEMS_MAX - 1);
    }
    item *out = &code->items[code->count++];
    unsigned char c = (unsigned char)*p++;
    if (c == '(') {
      bool position = p < end && *p == ')';
      *out = (item){position ? POSITION : OPEN, 0, 0, 0};
      if (position) p++;
      continue;
    }
    if (c == ')') {
      *out = (item){CLOSE, 0, 0, 0};
      continue;
    }
    if (c == '$' && p == end) {
      *out = (item){END, 0, 0, 0};
      continue;
    }
    if (c == '%') {
      p = compile_escape(L, code, out, p, end);
      if (out->kind != MEMBER && out->kind != CHARACTER) continue;
    } else if (c == '[') {
      *out = (item){MEMBER, 0, (uint8_t)code->sets, 0};
      p = compile_set(L, code, p, end);
    } else if (c == '.') {
      *out = (item){ANYTHING, 0, 0, 0};
    } else {
      *out = (item){CHARACTER, 0, c, 0};
    }
    if (p < end && (*p == '*' || *p == '+' || *p == '-' || *p == '?')) {
      out->repeat = (uint8_t)*p++;
    }
  }
  code->items[code->count++] = (item){DONE, 0, 0, 0};
  rs_charge(L, code->count);
}

// MARK: Matching

static void spend(matcher *m, int64_t steps) {
  m->steps += steps;
  if (m->steps < CHUNK) return;
  int64_t due = m->steps;
  m->steps = 0;
  rs_charge(m->L, due);
}

static bool fits(const matcher *m, const item *it, const char *s) {
  if (s >= m->end) return false;
  unsigned char c = (unsigned char)*s;
  switch (it->kind) {
    case ANYTHING: return true;
    case CHARACTER: return c == it->a;
    default: return has(m->code->members[it->a], c);
  }
}

static const char *run(matcher *m, int at, const char *s);

static const char *repeat(matcher *m, int at, const char *s) {
  const item *it = &m->code->items[at];
  if (it->repeat == '-') {
    for (;;) {
      const char *found = run(m, at + 1, s);
      if (found != NULL) return found;
      if (!fits(m, it, s)) return NULL;
      s++;
      spend(m, 1);
    }
  }
  ptrdiff_t least = it->repeat == '+', most = 0;
  while (fits(m, it, s + most)) most++;
  spend(m, most);
  for (; most >= least; most--) {
    const char *found = run(m, at + 1, s + most);
    if (found != NULL) return found;
  }
  return NULL;
}

static const char *open_capture(matcher *m, int at, const char *s, ptrdiff_t length) {
  if (m->level >= CAPTURES_MAX) luaL_error(m->L, "too many captures");
  m->captures[m->level].start = s;
  m->captures[m->level].length = length;
  m->level++;
  const char *found = run(m, at + 1, s);
  if (found == NULL) m->level--;
  return found;
}

static const char *close_capture(matcher *m, int at, const char *s) {
  int which = m->level - 1;
  while (which >= 0 && m->captures[which].length != STILL_OPEN) which--;
  if (which < 0) luaL_error(m->L, "invalid pattern capture");
  m->captures[which].length = s - m->captures[which].start;
  const char *found = run(m, at + 1, s);
  if (found == NULL) m->captures[which].length = STILL_OPEN;
  return found;
}

static const char *back(matcher *m, const item *it, const char *s) {
  int which = (int8_t)it->a;
  if (which < 0 || which >= m->level || m->captures[which].length == STILL_OPEN) {
    luaL_error(m->L, "invalid capture index %%%d", which + 1);
  }
  ptrdiff_t length = m->captures[which].length;
  if (length == IS_POSITION || length > m->end - s) return NULL;
  spend(m, length / 8);
  return memcmp(m->captures[which].start, s, (size_t)length) == 0 ? s + length : NULL;
}

static const char *balance(matcher *m, const item *it, const char *s) {
  if (s >= m->end || (uint8_t)*s != it->a) return NULL;
  int64_t nested = 1;
  for (const char *p = s + 1; p < m->end; p++) {
    spend(m, 1);
    if ((uint8_t)*p == it->b) {
      if (--nested == 0) return p + 1;
    } else if ((uint8_t)*p == it->a) {
      nested++;
    }
  }
  return NULL;
}

static bool frontier(const matcher *m, const item *it, const char *s) {
  const uint8_t *set = m->code->members[it->a];
  int before = s == m->subject ? 0 : (unsigned char)s[-1];
  int here = s == m->end ? 0 : (unsigned char)*s;
  return !has(set, before) && has(set, here);
}

// Matches the items from `at` on; items without a choice stay in the loop.
static const char *step(matcher *m, int at, const char *s) {
  for (;; at++) {
    const item *it = &m->code->items[at];
    spend(m, 1);
    switch ((item_kind)it->kind) {
      case DONE: return s;
      case END: return s == m->end ? s : NULL;
      case OPEN: return open_capture(m, at, s, STILL_OPEN);
      case POSITION: return open_capture(m, at, s, IS_POSITION);
      case CLOSE: return close_capture(m, at, s);
      case BACK:
        s = back(m, it, s);
        if (s == NULL) return NULL;
        break;
      case BALANCE:
        s = balance(m, it, s);
        if (s == NULL) return NULL;
        break;
      case FRONTIER:
        if (!frontier(m, it, s)) return NULL;
        break;
      case CHARACTER:
      case ANYTHING:
      case MEMBER:
        if (it->repeat == '?') {
          const char *found = fits(m, it, s) ? run(m, at + 1, s + 1) : NULL;
          if (found != NULL) return found;
          break;
        }
        if (it->repeat != 0) return repeat(m, at, s);
        if (!fits(m, it, s)) return NULL;
        s++;
        break;
    }
  }
}

static const char *run(matcher *m, int at, const char *s) {
  if (++m->depth > DEPTH_MAX) luaL_error(m->L, "pattern too complex");
  const char *found = step(m, at, s);
  m->depth--;
  return found;
}

static const char *attempt(matcher *m, const char *s) {
  m->level = 0;
  m->depth = 0;
  return run(m, 0, s);
}

// MARK: Captures

static void push_capture(matcher *m, int which, const char *start, const char *end) {
  if (which >= m->level) {
    if (which != 0) luaL_error(m->L, "invalid capture index %%%d", which + 1);
    lua_pushlstring(m->L, start, (size_t)(end - start));
    return;
  }
  const capture *taken = &m->captures[which];
  if (taken->length == STILL_OPEN) luaL_error(m->L, "unfinished capture");
  if (taken->length == IS_POSITION) {
    lua_pushinteger(m->L, taken->start - m->subject + 1);
  } else {
    lua_pushlstring(m->L, taken->start, (size_t)taken->length);
  }
}

static int push_captures(matcher *m, const char *start, const char *end) {
  int count = m->level == 0 && start != NULL ? 1 : m->level;
  luaL_checkstack(m->L, count + 1, "too many captures");
  for (int i = 0; i < count; i++) push_capture(m, i, start, end);
  return count;
}

static void prepare(matcher *m, lua_State *L, const program *code, const char *s, size_t count) {
  m->L = L;
  m->code = code;
  m->subject = s;
  m->end = s + count;
  m->steps = 0;
}

static size_t start_position(lua_Integer init, size_t count) {
  if (init > 0) return (size_t)init - 1;
  if (init == 0) return 0;
  return init < -(lua_Integer)count ? 0 : (size_t)((lua_Integer)count + init);
}

// MARK: find, match

static const char *find_plain(const char *s, size_t count, const char *what, size_t length) {
  if (length == 0) return s;
  const char *last = s + count;
  while ((size_t)(last - s) >= length) {
    s = memchr(s, what[0], (size_t)(last - s) - length + 1);
    if (s == NULL) return NULL;
    if (memcmp(s, what, length) == 0) return s;
    s++;
  }
  return NULL;
}

static bool is_plain(const char *pattern, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (pattern[i] != 0 && strchr("^$*+?.([%-", pattern[i]) != NULL) return false;
  }
  return true;
}

static int plain_result(lua_State *L, const char *s, size_t count, size_t init, const char *what,
                        size_t length) {
  // The worst case compares at every place.
  uint64_t work = (uint64_t)(count - init) / 8 + 1;
  if (length > 8) work += (uint64_t)(count - init) * (length / 8) / 16;
  rs_charge(L, (int64_t)(work > INT32_MAX ? INT32_MAX : work));
  const char *found = find_plain(s + init, count - init, what, length);
  if (found == NULL) {
    lua_pushnil(L);
    return 1;
  }
  lua_pushinteger(L, found - s + 1);
  lua_pushinteger(L, found - s + (lua_Integer)length);
  return 2;
}

static int search(lua_State *L, bool find) {
  size_t count, length;
  const char *s = luaL_checklstring(L, 1, &count);
  const char *pattern = luaL_checklstring(L, 2, &length);
  size_t init = start_position(luaL_optinteger(L, 3, 1), count);
  if (init > count) {
    lua_pushnil(L);
    return 1;
  }
  if (find && (lua_toboolean(L, 4) || is_plain(pattern, length))) {
    return plain_result(L, s, count, init, pattern, length);
  }
  bool anchored = length > 0 && *pattern == '^';
  program code;
  matcher m;
  compile(L, &code, pattern + anchored, length - anchored);
  prepare(&m, L, &code, s, count);
  for (const char *from = s + init;; from++) {
    const char *end = attempt(&m, from);
    if (end != NULL) {
      rs_charge(L, m.steps);
      if (!find) return push_captures(&m, from, end);
      lua_pushinteger(L, from - s + 1);
      lua_pushinteger(L, end - s);
      return push_captures(&m, NULL, NULL) + 2;
    }
    if (anchored || from >= m.end) break;
  }
  rs_charge(L, m.steps);
  lua_pushnil(L);
  return 1;
}

static int bounded_find(lua_State *L) { return search(L, true); }

static int bounded_match(lua_State *L) { return search(L, false); }

// MARK: gmatch

typedef struct {
  program code;
  size_t next;
  size_t last_end;  // plus 1; 0: no match yet
} walk;

static int gmatch_step(lua_State *L) {
  size_t count;
  const char *s = lua_tolstring(L, lua_upvalueindex(1), &count);
  walk *w = lua_touserdata(L, lua_upvalueindex(2));
  matcher m;
  prepare(&m, L, &w->code, s, count);
  for (size_t from = w->next; from <= count; from++) {
    const char *end = attempt(&m, s + from);
    if (end == NULL || (size_t)(end - s) + 1 == w->last_end) continue;
    rs_charge(L, m.steps);
    w->next = (size_t)(end - s);
    w->last_end = w->next + 1;
    return push_captures(&m, s + from, end);
  }
  rs_charge(L, m.steps);
  w->next = count + 1;
  return 0;
}

static int bounded_gmatch(lua_State *L) {
  size_t count, length;
  luaL_checklstring(L, 1, &count);
  const char *pattern = luaL_checklstring(L, 2, &length);
  size_t init = start_position(luaL_optinteger(L, 3, 1), count);
  lua_settop(L, 2);
  walk *w = lua_newuserdatauv(L, sizeof *w, 0);
  compile(L, &w->code, pattern, length);
  w->next = init > count ? count + 1 : init;
  w->last_end = 0;
  lua_pushvalue(L, 1);
  lua_insert(L, 3);
  lua_pushcclosure(L, gmatch_step, 2);
  return 1;
}

// MARK: gsub

static void add_text(matcher *m, luaL_Buffer *out, const char *start, const char *end) {
  size_t length;
  const char *text = lua_tolstring(m->L, 3, &length);
  spend(m, (int64_t)(length / 8));
  for (size_t i = 0; i < length; i++) {
    if (text[i] != '%') {
      luaL_addchar(out, text[i]);
      continue;
    }
    i++;
    if (i < length && text[i] == '%') {
      luaL_addchar(out, '%');
    } else if (i < length && text[i] == '0') {
      luaL_addlstring(out, start, (size_t)(end - start));
    } else if (i < length && text[i] >= '1' && text[i] <= '9') {
      push_capture(m, text[i] - '1', start, end);
      luaL_tolstring(m->L, -1, NULL);
      lua_remove(m->L, -2);
      luaL_addvalue(out);
    } else {
      luaL_error(m->L, "invalid use of '%%' in replacement string");
    }
  }
}

static void add_value(matcher *m, luaL_Buffer *out, const char *start, const char *end) {
  lua_State *L = m->L;
  switch (lua_type(L, 3)) {
    case LUA_TFUNCTION: {
      lua_pushvalue(L, 3);
      lua_call(L, push_captures(m, start, end), 1);
      break;
    }
    case LUA_TTABLE:
      push_capture(m, 0, start, end);
      lua_gettable(L, 3);
      break;
    default: add_text(m, out, start, end); return;
  }
  if (!lua_toboolean(L, -1)) {
    lua_pop(L, 1);
    lua_pushlstring(L, start, (size_t)(end - start));
  } else if (!lua_isstring(L, -1)) {
    luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
  }
  luaL_addvalue(out);
}

static int bounded_gsub(lua_State *L) {
  size_t count, length;
  const char *s = luaL_checklstring(L, 1, &count);
  const char *pattern = luaL_checklstring(L, 2, &length);
  int type = lua_type(L, 3);
  luaL_argexpected(L, type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION ||
                          type == LUA_TTABLE,
                   3, "string/function/table");
  lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)count + 1);
  bool anchored = length > 0 && *pattern == '^';
  program code;
  matcher m;
  compile(L, &code, pattern + anchored, length - anchored);
  prepare(&m, L, &code, s, count);
  luaL_Buffer out;
  luaL_buffinit(L, &out);
  lua_Integer done = 0;
  const char *last = NULL;
  while (done < most) {
    const char *end = attempt(&m, s);
    if (end != NULL && end != last) {
      done++;
      add_value(&m, &out, s, end);
      s = last = end;
    } else if (s < m.end) {
      luaL_addchar(&out, *s);
      s++;
    } else {
      break;
    }
    if (anchored) break;
  }
  rs_charge(L, m.steps);
  luaL_addlstring(&out, s, (size_t)(m.end - s));
  luaL_pushresult(&out);
  lua_pushinteger(L, done);
  return 2;
}

void rs_pattern_open(lua_State *L, int env) {
  static const luaL_Reg functions[] = {
      {"find", bounded_find},
      {"match", bounded_match},
      {"gmatch", bounded_gmatch},
      {"gsub", bounded_gsub},
      {NULL, NULL},
  };
  lua_getfield(L, env, "string");
  luaL_setfuncs(L, functions, 0);
  lua_pop(L, 1);
}
