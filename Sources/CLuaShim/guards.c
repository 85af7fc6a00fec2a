// The base functions that scripts get.
//
// pcall and xpcall re-raise while the script is condemned: a hook that raises is otherwise caught
// by the script itself and `while true do pcall(f) end` never ends. tostring shows no addresses.
// Metatables may not carry what the garbage collector would call or depend on.
// Source: HOUSE 2.5 "Traps"; MEASURED 3.

#include "internal.h"

#include <stdio.h>

// MARK: pcall, xpcall

static void let_verdicts_pass(lua_State *L, int status) {
  rs_lua *rs = rs_of(L);
  if (status == LUA_OK || status == LUA_YIELD) {
    if (rs->condemned) rs_condemn(L);
    return;
  }
  if (rs->condemned == 0 && (status == LUA_ERRMEM || rs->refused != 0)) {
    rs->condemned = RS_MEMORY;
  }
  if (rs->condemned) rs_condemn(L);
}

static int finish_pcall(lua_State *L, int status, lua_KContext extra) {
  let_verdicts_pass(L, status);
  if (status != LUA_OK && status != LUA_YIELD) {
    lua_pushboolean(L, 0);
    lua_pushvalue(L, -2);
    return 2;
  }
  return lua_gettop(L) - (int)extra;
}

static int guarded_pcall(lua_State *L) {
  luaL_checkany(L, 1);
  rs_charge(L, 1);
  lua_pushboolean(L, 1);
  lua_insert(L, 1);
  int status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, finish_pcall);
  return finish_pcall(L, status, 0);
}

// Calls the script's message handler (upvalue 1), unless the script is condemned: Lua runs handlers
// on top of what raised, so a verdict's handler would run inside the hook, where no hook ends it.
static int handle_message(lua_State *L) {
  if (rs_of(L)->condemned) return 1;
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, 1);
  return 1;
}

static int guarded_xpcall(lua_State *L) {
  luaL_checktype(L, 2, LUA_TFUNCTION);
  rs_charge(L, 1);
  lua_pushvalue(L, 2);
  lua_pushcclosure(L, handle_message, 1);
  lua_replace(L, 2);
  int count = lua_gettop(L) - 2;
  lua_pushboolean(L, 1);
  lua_pushvalue(L, 1);
  lua_rotate(L, 3, 2);
  int status = lua_pcallk(L, count, LUA_MULTRET, 2, 2, finish_pcall);
  return finish_pcall(L, status, 2);
}

// MARK: Text of values

// Pushes a text for any value, without calling anything and without addresses.
const char *rs_plain_text(lua_State *L, int index, size_t *count) {
  index = lua_absindex(L, index);
  switch (lua_type(L, index)) {
    case LUA_TSTRING: lua_pushvalue(L, index); break;
    case LUA_TNUMBER:
      lua_pushvalue(L, index);
      lua_tolstring(L, -1, NULL);
      break;
    case LUA_TNIL: lua_pushliteral(L, "error object is nil"); break;
    case LUA_TBOOLEAN:
      lua_pushstring(L, lua_toboolean(L, index) ? "error object is true"
                                                : "error object is false");
      break;
    default:
      lua_pushfstring(L, "error object is a %s value", luaL_typename(L, index));
      break;
  }
  return lua_tolstring(L, -1, count);
}

// Pushes what tostring shows.
void rs_push_readable(lua_State *L, int index) {
  index = lua_absindex(L, index);
  int type = lua_type(L, index);
  if (type == LUA_TSTRING || type == LUA_TNUMBER) {
    lua_pushvalue(L, index);
    lua_tolstring(L, -1, NULL);
  } else if (type == LUA_TNIL) {
    lua_pushliteral(L, "nil");
  } else if (type == LUA_TBOOLEAN) {
    lua_pushstring(L, lua_toboolean(L, index) ? "true" : "false");
  } else if (luaL_callmeta(L, index, "__tostring")) {
    if (lua_type(L, -1) != LUA_TSTRING) luaL_error(L, "'__tostring' must return a string");
  } else {
    lua_pushstring(L, luaL_typename(L, index));
  }
}

static int guarded_tostring(lua_State *L) {
  luaL_checkany(L, 1);
  rs_push_readable(L, 1);
  return 1;
}

static int guarded_tonumber(lua_State *L) {
  size_t count = 0;
  if (lua_type(L, 1) == LUA_TSTRING) lua_tolstring(L, 1, &count);
  rs_charge(L, (int64_t)(count / 32));
  return rs_of(L)->original[RS_ORIG_TONUMBER](L);
}

// MARK: Metatables

static void refuse(lua_State *L, const char *name) {
  lua_pushstring(L, name);
  if (lua_rawget(L, 2) != LUA_TNIL) {
    luaL_error(L, "a metatable may not have '%s' here", name);
  }
  lua_pop(L, 1);
}

static int guarded_setmetatable(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  int type = lua_type(L, 2);
  luaL_argexpected(L, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table");
  if (rs_push_shadow(L, 1)) return luaL_error(L, "this table is read-only");
  lua_settop(L, 2);
  if (type == LUA_TTABLE) {
    if (rs_push_shadow(L, 2)) lua_replace(L, 2);
    refuse(L, "__gc");
    refuse(L, "__close");
    refuse(L, "__mode");
    refuse(L, "__metatable");
    refuse(L, "__pairs");
  }
  lua_settop(L, 2);
  lua_setmetatable(L, 1);
  return 1;
}

static int guarded_getmetatable(lua_State *L) {
  luaL_checkany(L, 1);
  if (lua_type(L, 1) != LUA_TTABLE) {
    lua_pushnil(L);
    return 1;
  }
  if (!lua_getmetatable(L, 1)) {
    lua_pushnil(L);
    return 1;
  }
  if (lua_rawgetp(L, -1, &rs_key_shadow) != LUA_TNIL) {
    lua_pushboolean(L, 0);
    return 1;
  }
  lua_pop(L, 1);
  if (lua_rawgetp(L, -1, &rs_key_front) == LUA_TTABLE) return 1;
  lua_pop(L, 1);
  return 1;
}

void rs_guards_open(lua_State *L, int env) {
  static const char *const kept[] = {"assert", "error", "ipairs", "rawequal",
                                     "select", "type",  NULL};
  static const luaL_Reg guarded[] = {
      {"pcall", guarded_pcall},
      {"xpcall", guarded_xpcall},
      {"tostring", guarded_tostring},
      {"tonumber", guarded_tonumber},
      {"setmetatable", guarded_setmetatable},
      {"getmetatable", guarded_getmetatable},
      {"require", rs_require},
      {NULL, NULL},
  };
  lua_pushglobaltable(L);
  for (int i = 0; kept[i] != NULL; i++) {
    lua_getfield(L, -1, kept[i]);
    lua_setfield(L, env, kept[i]);
  }
  lua_getfield(L, -1, "tonumber");
  rs_of(L)->original[RS_ORIG_TONUMBER] = lua_tocfunction(L, -1);
  lua_pop(L, 2);
  lua_pushvalue(L, env);
  luaL_setfuncs(L, guarded, 0);
  lua_pop(L, 1);
}
