// A Lua value as one run of bytes, for data files such as site.lua, and the list of names that
// scripts can reach.
//
// Format: 'n' nil, 't' true, 'f' false, 'i' and 8 bytes, 'd' and 8 bytes, 's', 4 bytes of length
// and the bytes, '{', 4 bytes of array length, 4 bytes of pairs, the array's values, then key and
// value of each pair in the order of `pairs`. Numbers are in the machine's byte order.

#include "internal.h"

#include <stdio.h>
#include <stdlib.h>

#define DEPTH_MAX 32
#define FLAT_MAX (64u << 20)
#define PATH_MAX_BYTES 200

typedef struct {
  rs_lua *rs;
  char path[PATH_MAX_BYTES + 1];
} flattening;

static void put(lua_State *L, const void *bytes, size_t count) {
  rs_lua *rs = rs_of(L);
  if (rs->flat_count + count > rs->flat_capacity) {
    size_t capacity = (rs->flat_count + count) * 2;
    unsigned char *flat = capacity > FLAT_MAX ? NULL : realloc(rs->flat, capacity);
    if (flat == NULL) luaL_error(L, "the table is too large");
    rs->flat = flat;
    rs->flat_capacity = capacity;
  }
  memcpy(rs->flat + rs->flat_count, bytes, count);
  rs->flat_count += count;
}

static void put_tag(lua_State *L, char tag) { put(L, &tag, 1); }

static void put_length(lua_State *L, size_t count) {
  uint32_t length = (uint32_t)count;
  put(L, &length, sizeof length);
}

static void flatten(lua_State *L, flattening *f, int index, int depth);

// Appends a step to the path; returns where the path ended before.
static size_t walk_into(lua_State *L, flattening *f, int key) {
  size_t end = strlen(f->path);
  if (lua_type(L, key) == LUA_TSTRING) {
    snprintf(f->path + end, sizeof f->path - end, "%s%s", end ? "." : "", lua_tostring(L, key));
  } else if (lua_isinteger(L, key)) {
    snprintf(f->path + end, sizeof f->path - end, "[%lld]", (long long)lua_tointeger(L, key));
  } else {
    snprintf(f->path + end, sizeof f->path - end, "[?]");
  }
  return end;
}

static void flatten_table(lua_State *L, flattening *f, int index, int depth) {
  if (depth >= DEPTH_MAX) luaL_error(L, "%s: tables are nested too deeply", f->path);
  luaL_checkstack(L, 12, "flatten");
  int top = lua_gettop(L);
  lua_Integer array = 0;
  while (lua_rawgeti(L, index, array + 1) != LUA_TNIL) {
    array++;
    lua_pop(L, 1);
  }
  lua_settop(L, top);
  int count = rs_sorted_keys(L, index);
  int keys = top + 1;
  put_tag(L, '{');
  put_length(L, (size_t)array);
  put_length(L, (size_t)(count - array));
  for (lua_Integer i = 1; i <= array; i++) {
    lua_pushinteger(L, i);
    size_t end = walk_into(L, f, -1);
    lua_rawgeti(L, index, i);
    flatten(L, f, lua_gettop(L), depth + 1);
    f->path[end] = 0;
    lua_pop(L, 2);
  }
  for (int i = 1; i <= count; i++) {
    lua_rawgeti(L, keys, i);
    if (lua_isinteger(L, -1) && lua_tointeger(L, -1) >= 1 && lua_tointeger(L, -1) <= array) {
      lua_pop(L, 1);
      continue;
    }
    flatten(L, f, lua_gettop(L), depth + 1);
    size_t end = walk_into(L, f, -1);
    lua_pushvalue(L, -1);
    lua_rawget(L, index);
    flatten(L, f, lua_gettop(L), depth + 1);
    f->path[end] = 0;
    lua_pop(L, 2);
  }
  lua_settop(L, top);
}

static void flatten(lua_State *L, flattening *f, int index, int depth) {
  switch (lua_type(L, index)) {
    case LUA_TNIL: put_tag(L, 'n'); return;
    case LUA_TBOOLEAN: put_tag(L, lua_toboolean(L, index) ? 't' : 'f'); return;
    case LUA_TNUMBER:
      if (lua_isinteger(L, index)) {
        int64_t value = lua_tointeger(L, index);
        put_tag(L, 'i');
        put(L, &value, sizeof value);
      } else {
        double value = lua_tonumber(L, index);
        put_tag(L, 'd');
        put(L, &value, sizeof value);
      }
      return;
    case LUA_TSTRING: {
      size_t count;
      const char *text = lua_tolstring(L, index, &count);
      put_tag(L, 's');
      put_length(L, count);
      put(L, text, count);
      return;
    }
    case LUA_TTABLE:
      if (rs_push_shadow(L, index)) {
        flatten_table(L, f, lua_gettop(L), depth);
        lua_pop(L, 1);
        return;
      }
      flatten_table(L, f, index, depth);
      return;
    default:
      luaL_error(L, "%s: a %s is not data", f->path[0] ? f->path : "result",
                 luaL_typename(L, index));
  }
}

void rs_flatten(lua_State *L, int index) {
  flattening f = {rs_of(L), ""};
  rs_of(L)->flat_count = 0;
  flatten(L, &f, lua_absindex(L, index), 0);
}

typedef struct {
  rs_slice chunkname, text;
} evaluation;

static int evaluate(lua_State *L) {
  const evaluation *e = lua_touserdata(L, 1);
  lua_pushliteral(L, "@");
  lua_pushlstring(L, e->chunkname.bytes, e->chunkname.count);
  lua_concat(L, 2);
  const char *text = e->text.count ? e->text.bytes : "";
  if (luaL_loadbufferx(L, text, e->text.count, lua_tostring(L, -1), "t") != LUA_OK) {
    return lua_error(L);
  }
  lua_call(L, 0, 1);
  rs_flatten(L, -1);
  return 0;
}

rs_outcome rs_lua_evaluate(rs_lua *rs, rs_slice chunkname, rs_slice text, int64_t instructions) {
  evaluation e = {chunkname, text};
  return rs_protected(rs, evaluate, &e, instructions);
}

const unsigned char *rs_lua_flat(const rs_lua *rs, size_t *count) {
  *count = rs->flat_count;
  return rs->flat;
}

// MARK: Names

static void list_table(lua_State *L, int table, const char *prefix) {
  int count = rs_sorted_keys(L, table);
  int keys = lua_gettop(L);
  for (int i = 1; i <= count; i++) {
    lua_rawgeti(L, keys, i);
    const char *name = lua_tostring(L, -1);
    put(L, prefix, strlen(prefix));
    put(L, name, strlen(name));
    put(L, "\n", 1);
    lua_pushvalue(L, -1);
    lua_rawget(L, table);
    if (prefix[0] == 0 && rs_push_shadow(L, -1)) {
      char inner[64];
      snprintf(inner, sizeof inner, "%s.", name);
      list_table(L, lua_gettop(L), inner);
    }
    lua_settop(L, keys);
  }
  lua_settop(L, keys - 1);
}

static int names(lua_State *L) {
  rs_of(L)->flat_count = 0;
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  rs_push_shadow(L, -1);
  list_table(L, lua_gettop(L), "");
  lua_rawgetp(L, LUA_REGISTRYINDEX, &rs_key_methods);
  list_table(L, lua_gettop(L), "call:");
  return 0;
}

rs_outcome rs_lua_names(rs_lua *rs) { return rs_protected(rs, names, NULL, 0); }
