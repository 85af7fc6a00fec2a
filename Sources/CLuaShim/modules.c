// Prelude, sources, `require`, data tables: how a generation is loaded.
//
// A module is loaded once, when the generation is built, and never again: at call time `require`
// only looks up. A module that is being loaded and is asked for again is a cycle.

#include "internal.h"

#include <stdlib.h>

static void push_slice(lua_State *L, const rs_slice *slice) {
  lua_pushlstring(L, slice->count ? slice->bytes : "", slice->count);
}

// MARK: The environment

// Methods of strings come straight from the shadow: one step less for each `text:method()`.
// Arithmetic on numerals ("10" + 1) is stock Lua's, which keeps it in this metatable.
static void set_string_metatable(lua_State *L, int env) {
  static const char *const kept[] = {"__add", "__sub",  "__mul", "__mod", "__pow",
                                     "__div", "__idiv", "__unm", NULL};
  lua_pushliteral(L, "");
  lua_newtable(L);
  if (lua_getmetatable(L, -2)) {
    for (int i = 0; kept[i] != NULL; i++) {
      lua_getfield(L, -1, kept[i]);
      lua_setfield(L, -3, kept[i]);
    }
    lua_pop(L, 1);
  }
  lua_getfield(L, env, "string");
  rs_push_shadow(L, -1);
  lua_setfield(L, -3, "__index");
  lua_pop(L, 1);
  lua_setmetatable(L, -2);
  lua_pop(L, 1);
}

// Runs a prelude with `core`; what it returns is at the top then.
static void run_prelude(lua_State *L, int env, const rs_slice *prelude) {
  if (luaL_loadbufferx(L, prelude->bytes, prelude->count, "=pointsman", "t") != LUA_OK) {
    lua_error(L);
  }
  lua_pushvalue(L, env);
  lua_setupvalue(L, -2, 1);
  lua_newtable(L);
  rs_objects_core(L, lua_gettop(L));
  rs_testing_core(L, lua_gettop(L));
  lua_call(L, 1, 1);
}

// The preludes: an array that ends with one without bytes. A function that the last one returns
// drives tests (testing.c).
static int open_environment(lua_State *L) {
  const rs_slice *prelude = lua_touserdata(L, 1);
  luaL_requiref(L, LUA_GNAME, luaopen_base, 1);
  luaL_requiref(L, LUA_STRLIBNAME, luaopen_string, 1);
  luaL_requiref(L, LUA_TABLIBNAME, luaopen_table, 1);
  luaL_requiref(L, LUA_MATHLIBNAME, luaopen_math, 1);
  luaL_requiref(L, LUA_UTF8LIBNAME, luaopen_utf8, 1);
  lua_settop(L, 1);
  const void *const tables[] = {&rs_key_sources, &rs_key_modules, &rs_key_data};
  for (int i = 0; i < 3; i++) {
    lua_newtable(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, tables[i]);
  }
  rs_objects_open(L);
  lua_newtable(L);
  int env = lua_gettop(L);
  rs_guards_open(L, env);
  rs_library_open(L, env);
  rs_pattern_open(L, env);
  rs_order_open(L, env);
  for (; prelude != NULL && prelude->bytes != NULL; prelude++) {
    run_prelude(L, env, prelude);
    if (lua_type(L, -1) == LUA_TFUNCTION) {
      rs_of(L)->driver = luaL_ref(L, LUA_REGISTRYINDEX);
    } else {
      lua_pop(L, 1);
    }
  }
  rs_freeze(L, env);
  set_string_metatable(L, env);
  lua_newtable(L);
  lua_setfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  rs_objects_seal(L);
  lua_pushvalue(L, env);
  lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  return 0;
}

rs_outcome rs_lua_prelude(rs_lua *rs, rs_slice text) {
  rs_slice preludes[] = {text, {NULL, 0}};
  return rs_protected(rs, open_environment, preludes, 0);
}

rs_outcome rs_lua_test_prelude(rs_lua *rs, rs_slice text, rs_slice tests) {
  rs_slice preludes[] = {text, tests, {NULL, 0}};
  return rs_protected(rs, open_environment, preludes, 0);
}

rs_outcome rs_lua_bare(rs_lua *rs) { return rs_protected(rs, open_environment, NULL, 0); }

// MARK: Sources

typedef struct {
  rs_slice module, chunkname, text;
} source;

static int add_source(lua_State *L) {
  const source *s = lua_touserdata(L, 1);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &rs_key_sources);
  push_slice(L, &s->module);
  lua_createtable(L, 2, 0);
  lua_pushliteral(L, "@");
  push_slice(L, &s->chunkname);
  lua_concat(L, 2);
  lua_rawseti(L, -2, 1);
  push_slice(L, &s->text);
  lua_rawseti(L, -2, 2);
  lua_rawset(L, -3);
  return 0;
}

rs_outcome rs_lua_add_source(rs_lua *rs, rs_slice module, rs_slice chunkname, rs_slice text) {
  source s = {module, chunkname, text};
  return rs_protected(rs, add_source, &s, 0);
}

// Runs the module whose name is at the top; replaces the name by what the module returned.
static void load_module(lua_State *L) {
  luaL_checkstack(L, 12, "require");
  int name = lua_gettop(L);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &rs_key_modules);
  int modules = name + 1;
  lua_pushvalue(L, name);
  if (lua_rawget(L, modules) != LUA_TNIL) {
    if (lua_type(L, -1) == LUA_TLIGHTUSERDATA) {
      luaL_error(L, "'%s' requires itself, directly or in a circle", lua_tostring(L, name));
    }
    lua_replace(L, name);
    lua_settop(L, name);
    return;
  }
  lua_rawgetp(L, LUA_REGISTRYINDEX, &rs_key_sources);
  lua_pushvalue(L, name);
  if (lua_rawget(L, -2) != LUA_TTABLE) {
    luaL_error(L, "there is no module '%s' below strategies/", lua_tostring(L, name));
  }
  lua_rawgeti(L, -1, 1);
  lua_rawgeti(L, -2, 2);
  size_t count;
  const char *text = lua_tolstring(L, -1, &count);
  const char *chunkname = lua_tostring(L, -2);
  lua_pushvalue(L, name);
  lua_pushlightuserdata(L, (void *)&rs_key_modules);
  lua_rawset(L, modules);
  if (luaL_loadbufferx(L, text, count, chunkname, "t") != LUA_OK) lua_error(L);
  lua_call(L, 0, 1);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_pushboolean(L, 1);
  }
  lua_pushvalue(L, name);
  lua_pushvalue(L, -2);
  lua_rawset(L, modules);
  lua_replace(L, name);
  lua_settop(L, name);
}

static bool is_module_name(const char *text, size_t count) {
  bool part = false;
  for (size_t i = 0; i < count; i++) {
    char c = text[i];
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '-';
    if (!letter && !(c == '.' && part)) return false;
    part = letter;
  }
  return part;
}

int rs_require(lua_State *L) {
  size_t count;
  const char *name = luaL_checklstring(L, 1, &count);
  if (!is_module_name(name, count)) {
    return luaL_error(L, "require takes a name such as \"lib.hours\"");
  }
  lua_settop(L, 1);
  rs_charge(L, 10);
  if (rs_of(L)->sealed) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, &rs_key_modules);
    lua_pushvalue(L, 1);
    if (lua_rawget(L, -2) == LUA_TNIL) {
      return luaL_error(L, "there is no module '%s' below strategies/", name);
    }
    return 1;
  }
  load_module(L);
  return 1;
}

typedef struct {
  rs_slice module;
  rs_functions *functions;
} load_request;

// A reference to the Lua function at the top, which is popped.
static int refer(lua_State *L, const char *name) {
  if (lua_type(L, -1) != LUA_TFUNCTION || lua_iscfunction(L, -1)) {
    const char *type = lua_iscfunction(L, -1) ? "one of the library" : luaL_typename(L, -1);
    luaL_error(L, "%s expects a function of the strategy, got %s", name, type);
  }
  return luaL_ref(L, LUA_REGISTRYINDEX);
}

// The functions of the table at the top: `route`, and perhaps `save` and `restore`.
static void refer_table(lua_State *L, rs_functions *functions) {
  int table = lua_gettop(L);
  lua_pushnil(L);
  while (lua_next(L, table) != 0) {
    const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
    if (strcmp(name, "route") == 0) {
      functions->route = refer(L, name);
    } else if (strcmp(name, "save") == 0) {
      functions->save = refer(L, name);
    } else if (strcmp(name, "restore") == 0) {
      functions->restore = refer(L, name);
    } else {
      luaL_error(L, "a strategy's table has route, save and restore, not '%s'", name);
    }
  }
  if (functions->route == 0) luaL_error(L, "a strategy's table needs route = function(call)");
}

static int load(lua_State *L) {
  load_request *request = lua_touserdata(L, 1);
  push_slice(L, &request->module);
  load_module(L);
  rs_functions *functions = request->functions;
  if (functions == NULL) return 0;
  if (lua_type(L, -1) == LUA_TTABLE) {
    refer_table(L, functions);
  } else if (lua_type(L, -1) == LUA_TFUNCTION && !lua_iscfunction(L, -1)) {
    functions->route = luaL_ref(L, LUA_REGISTRYINDEX);
  } else {
    return luaL_error(L, "a strategy returns a function of the call");
  }
  return 0;
}

rs_outcome rs_lua_load(rs_lua *rs, rs_slice module, int64_t instructions,
                       rs_functions *functions) {
  load_request request = {module, functions};
  return rs_protected(rs, load, &request, instructions);
}

static int seal(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &rs_key_modules);
  lua_pushnil(L);
  while (lua_next(L, -2) != 0) {
    int type = lua_type(L, -1);
    if (type == LUA_TTABLE || type == LUA_TFUNCTION) rs_freeze(L, -1);
    lua_pop(L, 1);
  }
  lua_newtable(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &rs_key_sources);
  lua_gc(L, LUA_GCCOLLECT);
  return 0;
}

rs_outcome rs_lua_seal(rs_lua *rs) {
  rs_outcome outcome = rs_protected(rs, seal, NULL, 0);
  rs->sealed = true;
  rs->loading = false;
  rs->base = rs->used;
  return outcome;
}

// MARK: Data tables

typedef struct {
  rs_slice name;
  const rs_slice *names;
  const rs_value *cells;
  size_t count;
} row_request;

static int data_table(lua_State *L) {
  const rs_slice *name = lua_touserdata(L, 1);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &rs_key_data);
  push_slice(L, name);
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &rs_key_shadow);  // the table that rows go to
  lua_rawset(L, -3);
  return 0;
}

rs_outcome rs_lua_data_table(rs_lua *rs, rs_slice name) {
  return rs_protected(rs, data_table, &name, 0);
}

static int data_row(lua_State *L) {
  const row_request *row = lua_touserdata(L, 1);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &rs_key_shadow);
  push_slice(L, &row->name);
  lua_createtable(L, 0, (int)row->count);
  for (size_t i = 0; i < row->count; i++) {
    push_slice(L, &row->names[i]);
    rs_push_value(L, &row->cells[i]);
    lua_rawset(L, -3);
  }
  lua_rawset(L, -3);
  return 0;
}

rs_outcome rs_lua_data_row(rs_lua *rs, rs_slice key, const rs_slice *names, const rs_value *cells,
                           size_t count) {
  row_request row = {key, names, cells, count};
  return rs_protected(rs, data_row, &row, 0);
}

// core.lookup(name, key): a read-only view of a row; nil when there is no such key; raises when
// there is no such table.
int rs_data_lookup(lua_State *L) {
  luaL_checkstring(L, 1);
  luaL_checkstring(L, 2);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &rs_key_data);
  lua_pushvalue(L, 1);
  if (lua_rawget(L, -2) != LUA_TTABLE) {
    lua_pushboolean(L, 0);
    return 1;
  }
  lua_pushvalue(L, 2);
  if (lua_rawget(L, -2) != LUA_TTABLE) {
    lua_pushnil(L);
    return 1;
  }
  rs_push_window(L, -1);
  return 1;
}
