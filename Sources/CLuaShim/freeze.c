// Tables that can be read and not written.
//
// A frozen table keeps its identity and loses its contents to a shadow that no script can reach:
// reads go to the shadow through __index, writes raise through __newindex. What is reachable from
// a value (members, keys, metatables, upvalues of Lua functions) is frozen with it.
// Invariants: a frozen table is empty for raw access; its metatable is private and has
// rs_key_shadow; the shadow has rs_key_front.
// Source: HOUSE 2.5 "Isolation"; Redis freezes its script globals for the same reason.

#include "internal.h"

#define METATABLE_DEPTH 16  // metatables of metatables of ...

// Pushes the shadow of a frozen table and returns true; pushes nothing otherwise.
bool rs_push_shadow(lua_State *L, int index) {
  if (lua_type(L, index) != LUA_TTABLE || !lua_getmetatable(L, index)) return false;
  if (lua_rawgetp(L, -1, &rs_key_shadow) == LUA_TTABLE) {
    lua_remove(L, -2);
    return true;
  }
  lua_pop(L, 2);
  return false;
}

static int frozen_newindex(lua_State *L) {
  const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : NULL;
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  if (lua_rawequal(L, 1, -1)) {
    lua_pushvalue(L, 2);
    bool known = lua_gettable(L, -2) != LUA_TNIL;
    if (key == NULL) key = "?";
    if (known) return luaL_error(L, "global '%s' is read-only", key);
    return luaL_error(L, "no new globals: write 'local %s'", key);
  }
  if (key != NULL) return luaL_error(L, "this table is read-only (field '%s')", key);
  return luaL_error(L, "this table is read-only");
}

static int frozen_len(lua_State *L) {
  if (!rs_push_shadow(L, 1)) return luaL_error(L, "not a table");
  lua_pushinteger(L, (lua_Integer)lua_rawlen(L, -1));
  return 1;
}

static bool carried_over(const char *name) {
  static const char *const own[] = {"__index", "__newindex", "__len",  "__pairs", "__metatable",
                                    "__mode",  "__gc",       "__close", NULL};
  if (name[0] != '_' || name[1] != '_') return false;
  for (int i = 0; own[i] != NULL; i++) {
    if (strcmp(name, own[i]) == 0) return false;
  }
  return true;
}

// The private metatable of a table that has just been emptied; the shadow is at `shadow`.
static void push_private(lua_State *L, int shadow, int metatable) {
  lua_newtable(L);
  if (metatable != 0) {
    lua_pushnil(L);
    while (lua_next(L, metatable) != 0) {
      if (lua_type(L, -2) == LUA_TSTRING && carried_over(lua_tostring(L, -2))) {
        lua_pushvalue(L, -2);
        lua_pushvalue(L, -2);
        lua_rawset(L, -5);
      }
      lua_pop(L, 1);
    }
  }
  lua_pushvalue(L, shadow);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, frozen_newindex);
  lua_setfield(L, -2, "__newindex");
  lua_pushcfunction(L, frozen_len);
  lua_setfield(L, -2, "__len");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pushvalue(L, shadow);
  lua_rawsetp(L, -2, &rs_key_shadow);
}

static void enlist(lua_State *L, int list, int index) {
  int type = lua_type(L, index);
  if (type != LUA_TTABLE && type != LUA_TFUNCTION) return;
  lua_pushvalue(L, index);
  lua_rawseti(L, list, (lua_Integer)lua_rawlen(L, list) + 1);
}

static void freeze_table(lua_State *L, int table, int list, int depth);

// Replaces the metatable at the top by its shadow, freezing it first.
static void thaw_metatable(lua_State *L, int list, int depth) {
  if (lua_rawgetp(L, -1, &rs_key_front) != LUA_TNIL) {
    lua_pop(L, 1);
    return;
  }
  lua_pop(L, 1);
  if (depth >= METATABLE_DEPTH) luaL_error(L, "metatables are nested too deeply");
  freeze_table(L, lua_gettop(L), list, depth + 1);
  if (rs_push_shadow(L, -1)) lua_remove(L, -2);
}

static void freeze_table(lua_State *L, int table, int list, int depth) {
  luaL_checkstack(L, 16, "freeze");
  if (rs_push_shadow(L, table)) {
    lua_pop(L, 1);
    return;
  }
  if (lua_rawgetp(L, table, &rs_key_front) != LUA_TNIL) {
    lua_pop(L, 1);
    return;
  }
  lua_pop(L, 1);
  int top = lua_gettop(L);
  lua_newtable(L);
  int shadow = top + 1;
  lua_pushnil(L);
  while (lua_next(L, table) != 0) {
    enlist(L, list, lua_gettop(L));
    enlist(L, list, lua_gettop(L) - 1);
    lua_pushvalue(L, -2);
    lua_insert(L, -2);
    lua_rawset(L, shadow);
  }
  lua_pushnil(L);
  while (lua_next(L, table) != 0) {
    lua_pop(L, 1);
    lua_pushvalue(L, -1);
    lua_pushnil(L);
    lua_rawset(L, table);
  }
  lua_pushvalue(L, table);
  lua_rawsetp(L, shadow, &rs_key_front);
  int metatable = 0;
  if (lua_getmetatable(L, table)) {
    // A class is often its own metatable: its contents are in the shadow already.
    if (lua_rawequal(L, -1, table)) {
      lua_pop(L, 1);
      lua_pushvalue(L, shadow);
    } else {
      // Marked before its metatable, or two tables that are each other's would not end.
      push_private(L, shadow, 0);
      lua_setmetatable(L, table);
      thaw_metatable(L, list, depth);
    }
    metatable = lua_gettop(L);
    lua_pushvalue(L, metatable);
    lua_setmetatable(L, shadow);
  }
  push_private(L, shadow, metatable);
  lua_setmetatable(L, table);
  lua_settop(L, top);
}

static void freeze_upvalues(lua_State *L, int function, int list) {
  if (lua_iscfunction(L, function)) return;
  for (int i = 1; lua_getupvalue(L, function, i) != NULL; i++) {
    enlist(L, list, lua_gettop(L));
    lua_pop(L, 1);
  }
}

// Freezes what is at `index` and everything that can be reached from it.
void rs_freeze(lua_State *L, int index) {
  luaL_checkstack(L, 16, "freeze");
  index = lua_absindex(L, index);
  lua_newtable(L);
  int list = lua_gettop(L);
  lua_newtable(L);
  int seen = list + 1;
  enlist(L, list, index);
  for (lua_Integer next; (next = (lua_Integer)lua_rawlen(L, list)) > 0;) {
    lua_rawgeti(L, list, next);
    lua_pushnil(L);
    lua_rawseti(L, list, next);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, seen) == LUA_TNIL) {
      lua_pop(L, 1);
      lua_pushvalue(L, -1);
      lua_pushboolean(L, 1);
      lua_rawset(L, seen);
      if (lua_type(L, -1) == LUA_TTABLE) {
        freeze_table(L, lua_gettop(L), list, 0);
      } else {
        freeze_upvalues(L, lua_gettop(L), list);
      }
      lua_pop(L, 1);
    } else {
      lua_pop(L, 2);
    }
  }
  lua_settop(L, list - 1);
}

// Replaces the plain table at the top by a read-only view of it.
void rs_push_window(lua_State *L, int index) {
  index = lua_absindex(L, index);
  lua_newtable(L);
  push_private(L, index, 0);
  lua_setmetatable(L, -2);
}
