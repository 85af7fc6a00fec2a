// pairs and next in an order that depends on the keys alone.
//
// Lua's own order comes from hashes seeded with addresses and the time. Ours: numbers by value,
// then texts by bytes, then false, true. Keys of other types have no order that is the same in
// every run; a table that has one cannot be walked.

#include "internal.h"

#include <stdlib.h>

typedef struct {
  int rank;  // 0 number, 1 text, 2 boolean
  bool whole;
  lua_Integer integer;
  lua_Number number;
  const char *text;
  size_t count;
} key_order;

static bool describe_key(lua_State *L, int index, key_order *key) {
  switch (lua_type(L, index)) {
    case LUA_TNUMBER:
      key->rank = 0;
      key->whole = lua_isinteger(L, index);
      key->integer = key->whole ? lua_tointeger(L, index) : 0;
      key->number = lua_tonumber(L, index);
      return true;
    case LUA_TSTRING:
      key->rank = 1;
      key->text = lua_tolstring(L, index, &key->count);
      return true;
    case LUA_TBOOLEAN:
      key->rank = 2;
      key->integer = lua_toboolean(L, index);
      return true;
    case LUA_TLIGHTUSERDATA: return false;  // ours
    default:
      luaL_error(L, "pairs: a key that is a %s has no order", luaL_typename(L, index));
      return false;
  }
}

static int compare(const void *left, const void *right) {
  const key_order *a = left, *b = right;
  if (a->rank != b->rank) return a->rank < b->rank ? -1 : 1;
  if (a->rank == 1) {
    size_t shorter = a->count < b->count ? a->count : b->count;
    int order = memcmp(a->text, b->text, shorter);
    if (order != 0) return order;
    return a->count < b->count ? -1 : a->count > b->count;
  }
  if (a->rank == 0 && !(a->whole && b->whole)) {
    // Keys that are floats have no integer value, so two that compare equal as floats are one
    // integer and one float beyond 2^53: the integer first.
    if (a->number < b->number) return -1;
    if (a->number > b->number) return 1;
    return a->whole ? -1 : b->whole ? 1 : 0;
  }
  return a->integer < b->integer ? -1 : a->integer > b->integer;
}

// Pushes an array of the keys of the raw table at `index`, sorted; returns how many.
int rs_sorted_keys(lua_State *L, int index) {
  index = lua_absindex(L, index);
  luaL_checkstack(L, 8, "pairs");
  int count = 0;
  int64_t texts = 0;
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {
    lua_pop(L, 1);
    if (lua_type(L, -1) == LUA_TSTRING) texts += (int64_t)lua_rawlen(L, -1) / 64;
    count++;
  }
  int64_t levels = 1;
  for (int n = count; n > 1; n /= 2) levels++;
  rs_charge(L, (count + texts) * levels);
  lua_createtable(L, count, 0);
  int keys = lua_gettop(L);
  if (count == 0) return 0;
  key_order *order = lua_newuserdatauv(L, (size_t)count * sizeof *order, 0);
  int found = 0;
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {
    lua_pop(L, 1);
    if (found < count && describe_key(L, -1, &order[found])) found++;
  }
  qsort(order, (size_t)found, sizeof *order, compare);
  for (int i = 0; i < found; i++) {
    if (order[i].rank == 1) {
      lua_pushlstring(L, order[i].text, order[i].count);
    } else if (order[i].rank == 2) {
      lua_pushboolean(L, (int)order[i].integer);
    } else if (order[i].whole) {
      lua_pushinteger(L, order[i].integer);
    } else {
      lua_pushnumber(L, order[i].number);
    }
    lua_rawseti(L, keys, i + 1);
  }
  lua_settop(L, keys);
  return found;
}

static int pairs_step(lua_State *L) {
  lua_Integer position = lua_tointeger(L, lua_upvalueindex(3));
  for (;;) {
    position++;
    if (lua_rawgeti(L, lua_upvalueindex(2), position) == LUA_TNIL) return 1;
    lua_pushvalue(L, -1);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) break;
    lua_pop(L, 2);  // removed during the walk
  }
  lua_pushinteger(L, position);
  lua_replace(L, lua_upvalueindex(3));
  return 2;
}

static int sorted_pairs(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  if (rs_push_shadow(L, 1)) lua_replace(L, 1);
  lua_pushvalue(L, 1);
  rs_sorted_keys(L, 1);
  lua_pushinteger(L, 0);
  lua_pushcclosure(L, pairs_step, 3);
  return 1;
}

// next(t, k): the smallest key after k. Looks at every key; for `next(t) == nil`, mostly.
static int sorted_next(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 2);
  if (rs_push_shadow(L, 1)) lua_replace(L, 1);
  key_order after, key, best = {0};
  bool bounded = !lua_isnil(L, 2), found = false;
  if (bounded && !describe_key(L, 2, &after)) return luaL_error(L, "invalid key to 'next'");
  int64_t count = 0;
  lua_pushnil(L);  // 3: the best key so far
  lua_pushnil(L);
  while (lua_next(L, 1) != 0) {
    lua_pop(L, 1);
    count++;
    if (!describe_key(L, -1, &key)) continue;
    if (bounded && compare(&key, &after) <= 0) continue;
    if (found && compare(&key, &best) >= 0) continue;
    best = key;
    found = true;
    lua_pushvalue(L, -1);
    lua_replace(L, 3);
  }
  rs_charge(L, count);
  if (!found) {
    lua_pushnil(L);
    return 1;
  }
  lua_settop(L, 3);
  lua_pushvalue(L, 3);
  lua_rawget(L, 1);
  return 2;
}

void rs_order_open(lua_State *L, int env) {
  static const luaL_Reg functions[] = {
      {"pairs", sorted_pairs},
      {"next", sorted_next},
      {NULL, NULL},
  };
  lua_pushvalue(L, env);
  luaL_setfuncs(L, functions, 0);
  lua_pop(L, 1);
}
