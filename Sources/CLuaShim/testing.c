// What only tests of strategies need: tables that cross the border in both directions, and the
// place of a statement in a test file.
//
// Format of what goes in: that of flatten.c, and 'T' for a target: 4 bytes of kind, 8 of number, 4
// of how many texts, and each text as 4 bytes of length and the bytes.

#include "internal.h"

int rs_lua_driver(const rs_lua *rs) { return rs->driver; }

// MARK: Out

typedef struct {
  rs_co *co;
  int index;
} flatten_request;

static int flatten_value(lua_State *L) {
  flatten_request *request = lua_touserdata(L, 1);
  lua_State *T = request->co->T;
  lua_pushvalue(T, request->index - request->co->results);
  lua_xmove(T, L, 1);
  rs_flatten(L, -1);
  return 0;
}

rs_outcome rs_co_flatten(rs_co *co, int index) {
  if (index >= co->results || !lua_checkstack(co->T, 1)) return RS_ERROR;
  flatten_request request = {co, index};
  return rs_protected(co->rs, flatten_value, &request, 0);
}

// MARK: In

#define TEXTS_MAX 66

typedef struct {
  rs_co *co;
  const unsigned char *next;
  size_t left;
  size_t count;
} inflation;

static void take(lua_State *L, inflation *from, void *to, size_t count) {
  if (from->left < count) luaL_error(L, "a value from the host ends early");
  memcpy(to, from->next, count);
  from->next += count;
  from->left -= count;
}

static rs_slice take_text(lua_State *L, inflation *from) {
  uint32_t count;
  take(L, from, &count, sizeof count);
  if (from->left < count) luaL_error(L, "a text from the host ends early");
  rs_slice text = {from->next, count};
  from->next += count;
  from->left -= count;
  return text;
}

static void push_flat_target(lua_State *L, inflation *from) {
  int32_t kind;
  int64_t number;
  uint32_t count;
  rs_slice texts[TEXTS_MAX];
  take(L, from, &kind, sizeof kind);
  take(L, from, &number, sizeof number);
  take(L, from, &count, sizeof count);
  if (count > TEXTS_MAX) luaL_error(L, "too many names in one target");
  for (uint32_t i = 0; i < count; i++) texts[i] = take_text(L, from);
  rs_push_target(L, kind, number, texts, (int)count);
}

static void push_flat(lua_State *L, inflation *from);

static void push_flat_table(lua_State *L, inflation *from) {
  uint32_t array, pairs;
  take(L, from, &array, sizeof array);
  take(L, from, &pairs, sizeof pairs);
  lua_newtable(L);
  for (uint32_t i = 1; i <= array; i++) {
    push_flat(L, from);
    lua_rawseti(L, -2, i);
  }
  for (uint32_t i = 0; i < pairs; i++) {
    push_flat(L, from);
    push_flat(L, from);
    lua_rawset(L, -3);
  }
}

static void push_flat(lua_State *L, inflation *from) {
  luaL_checkstack(L, 8, "a value from the host");
  char tag;
  take(L, from, &tag, 1);
  switch (tag) {
    case 't':
    case 'f': lua_pushboolean(L, tag == 't'); return;
    case 'i': {
      int64_t value;
      take(L, from, &value, sizeof value);
      lua_pushinteger(L, value);
      return;
    }
    case 'd': {
      double value;
      take(L, from, &value, sizeof value);
      lua_pushnumber(L, value);
      return;
    }
    case 's': {
      rs_slice text = take_text(L, from);
      lua_pushlstring(L, text.count ? text.bytes : "", text.count);
      return;
    }
    case '{': push_flat_table(L, from); return;
    case 'T': push_flat_target(L, from); return;
    default: lua_pushnil(L); return;
  }
}

static int push_all(lua_State *L) {
  inflation *from = lua_touserdata(L, 1);
  for (size_t i = 0; i < from->count; i++) push_flat(L, from);
  lua_xmove(L, from->co->T, (int)from->count);
  return 0;
}

rs_outcome rs_co_resume_flat(rs_co *co, rs_slice flat, size_t count) {
  lua_pop(co->T, co->results);
  co->results = 0;
  if (!lua_checkstack(co->T, (int)count + 2)) return RS_MEMORY;
  inflation from = {co, flat.bytes, flat.count, count};
  rs_outcome outcome = rs_protected(co->rs, push_all, &from, 0);
  return outcome == RS_RETURNED ? rs_co_run(co, (int)count) : outcome;
}

// MARK: Core

// core.where(level): "file:line: " of the function that many levels up.
static int core_where(lua_State *L) {
  luaL_where(L, (int)luaL_checkinteger(L, 1));
  return 1;
}

// core.tag(value): the first value of one of the prelude's objects, without asking its metatable.
static int core_tag(lua_State *L) {
  if (lua_type(L, 1) != LUA_TTABLE) return 0;
  lua_rawgeti(L, 1, 1);
  return 1;
}

void rs_testing_core(lua_State *L, int core) {
  lua_pushcfunction(L, core_tag);
  lua_setfield(L, core, "tag");
  lua_pushcfunction(L, core_where);
  lua_setfield(L, core, "where");
}
