// Library functions whose work the instruction hook cannot see.
//
// A guard charges what the call will cost against the same budget as instructions and then runs
// Lua's own function in its own frame, so that names and lines in error messages stay right.
// Source: HOUSE 2.5 "Traps"; PEERS E.2.

#include "internal.h"

#include <stdio.h>

#define FORMAT_WIDTH_MAX 99

static int original(lua_State *L, int which) { return rs_of(L)->original[which](L); }

static int64_t length_of(lua_State *L, int index) {
  if (lua_type(L, index) == LUA_TSTRING) return (int64_t)lua_rawlen(L, index);
  if (lua_type(L, index) != LUA_TTABLE) return 0;
  return (int64_t)luaL_len(L, index);
}

// The whole number at `index`, as the library itself will read it: 1e9 and "7" are whole numbers.
static int64_t whole(lua_State *L, int index, int64_t otherwise) {
  if (index == 0) return otherwise;
  int is_whole = 0;
  lua_Integer value = lua_tointegerx(L, index, &is_whole);
  return is_whole ? (int64_t)value : otherwise;
}

// How many elements a call works on, each as dear as an access to the table is.
static int64_t work(lua_State *L, int table, int64_t count) {
  if (lua_type(L, table) != LUA_TTABLE || count <= 0) return count;
  int64_t cost = rs_access_cost(L, table);
  return count > INT32_MAX ? INT32_MAX : count * cost;
}

static int64_t range(lua_State *L, int first, int last, int64_t otherwise) {
  int64_t from = whole(L, first, 1);
  int64_t to = whole(L, last, otherwise);
  if (to < from) return 0;
  uint64_t count = (uint64_t)to - (uint64_t)from;
  return count > INT32_MAX ? INT32_MAX : (int64_t)count + 1;
}

static int guarded_concat(lua_State *L) {
  rs_charge(L, work(L, 1, range(L, 3, 4, length_of(L, 1))));
  return original(L, RS_ORIG_CONCAT);
}

static int guarded_insert(lua_State *L) {
  if (lua_gettop(L) == 3) rs_charge(L, work(L, 1, range(L, 2, 0, length_of(L, 1))));
  return original(L, RS_ORIG_INSERT);
}

static int guarded_remove(lua_State *L) {
  if (lua_gettop(L) == 2) rs_charge(L, work(L, 1, range(L, 2, 0, length_of(L, 1))));
  return original(L, RS_ORIG_REMOVE);
}

static int guarded_move(lua_State *L) {
  int64_t count = range(L, 2, 3, 0);
  rs_charge(L, work(L, 1, count));
  if (lua_type(L, 5) == LUA_TTABLE) rs_charge(L, work(L, 5, count));
  return original(L, RS_ORIG_MOVE);
}

static int guarded_unpack(lua_State *L) {
  rs_charge(L, work(L, 1, range(L, 2, 3, length_of(L, 1))));
  return original(L, RS_ORIG_UNPACK);
}

// The order of `<`. Sorting runs no instructions of its own: each comparison pays for itself.
static int less(lua_State *L) {
  int64_t first = lua_type(L, 1) == LUA_TSTRING ? (int64_t)lua_rawlen(L, 1) : 0;
  int64_t second = lua_type(L, 2) == LUA_TSTRING ? (int64_t)lua_rawlen(L, 2) : 0;
  rs_charge(L, (first < second ? first : second) / 8);
  lua_pushboolean(L, lua_compare(L, 1, 2, LUA_OPLT));
  return 1;
}

// Calls a comparator that is no Lua function (upvalue 1), which no hook sees.
static int paid(lua_State *L) {
  rs_charge(L, 1);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, 1);
  return 1;
}

static int guarded_sort(lua_State *L) {
  int64_t count = length_of(L, 1);
  int64_t levels = 1;
  for (int64_t n = count; n > 1; n /= 2) levels++;
  if (count > 0 && count < INT32_MAX) rs_charge(L, work(L, 1, count) * levels);
  if (lua_isnoneornil(L, 2)) {
    lua_settop(L, 1);
    lua_pushcfunction(L, less);
  } else if (lua_iscfunction(L, 2)) {
    lua_pushvalue(L, 2);
    lua_pushcclosure(L, paid, 1);
    lua_replace(L, 2);
  }
  return original(L, RS_ORIG_SORT);
}

static int guarded_rep(lua_State *L) {
  size_t text, separator = 0;
  luaL_checklstring(L, 1, &text);
  lua_Integer count = luaL_checkinteger(L, 2);
  if (!lua_isnoneornil(L, 3)) luaL_checklstring(L, 3, &separator);
  size_t limit = rs_of(L)->limits.string_max;
  if (count > 0) {
    if (text + separator == 0) {
      lua_pushliteral(L, "");
      return 1;
    }
    if ((uint64_t)count > limit / (text + separator)) {
      return luaL_error(L, "string.rep: result too long (more than %d bytes)", (int)limit);
    }
    rs_charge(L, count / 8);
  }
  return original(L, RS_ORIG_REP);
}

static int guarded_byte(lua_State *L) {
  int64_t first = luaL_optinteger(L, 2, 1);
  if (first < 0) first = 1;
  if (!lua_isnoneornil(L, 3)) rs_charge(L, length_of(L, 1) / 8 + 1);
  return original(L, RS_ORIG_BYTE);
}

static int guarded_codepoint(lua_State *L) {
  if (!lua_isnoneornil(L, 3)) rs_charge(L, length_of(L, 1) + 1);
  return original(L, RS_ORIG_CODEPOINT);
}

static int guarded_utf8len(lua_State *L) {
  rs_charge(L, length_of(L, 1) / 4 + 1);
  return original(L, RS_ORIG_UTF8LEN);
}

static int guarded_offset(lua_State *L) {
  rs_charge(L, length_of(L, 1) / 4 + 1);
  return original(L, RS_ORIG_OFFSET);
}

// Checks one conversion at `text`; returns its length, 0 for `%%`.
static size_t conversion(lua_State *L, const char *text, size_t count) {
  size_t i = 1;
  if (i < count && text[i] == '%') return 0;
  while (i < count && strchr("-+ #0", text[i]) != NULL && text[i] != 0) i++;
  for (int part = 0; part < 2; part++) {
    int value = 0, digits = 0;
    while (i < count && text[i] >= '0' && text[i] <= '9') {
      value = value * 10 + (text[i] - '0');
      i++;
      if (++digits > 2) luaL_error(L, "invalid format: width or precision above %d",
                                   FORMAT_WIDTH_MAX);
    }
    if (part == 1 || i >= count || text[i] != '.') break;
    i++;
  }
  if (i >= count) luaL_error(L, "invalid format: it ends inside a conversion");
  if (text[i] == 'p') luaL_error(L, "invalid format: '%%p' is not available");
  return i + 1;
}

static int guarded_format(lua_State *L) {
  size_t count;
  const char *format = luaL_checklstring(L, 1, &count);
  rs_charge(L, (int64_t)(count / 8));
  int argument = 1;
  for (size_t i = 0; i < count;) {
    if (format[i] != '%') {
      i++;
      continue;
    }
    size_t length = conversion(L, format + i, count - i);
    if (length == 0) {
      i += 2;
      continue;
    }
    argument++;
    if (format[i + length - 1] == 's' && argument <= lua_gettop(L) &&
        lua_type(L, argument) != LUA_TSTRING) {
      rs_push_readable(L, argument);
      lua_replace(L, argument);
    }
    i += length;
  }
  return original(L, RS_ORIG_FORMAT);
}

typedef struct {
  const char *name;
  lua_CFunction guard;  // NULL: Lua's own function is as it should be
  int which;
} member;

static void open_table(lua_State *L, int env, const char *name, const member *members) {
  rs_lua *rs = rs_of(L);
  lua_getglobal(L, name);
  lua_newtable(L);
  for (int i = 0; members[i].name != NULL; i++) {
    lua_getfield(L, -2, members[i].name);
    if (members[i].guard != NULL) {
      rs->original[members[i].which] = lua_tocfunction(L, -1);
      lua_pop(L, 1);
      lua_pushcfunction(L, members[i].guard);
    }
    lua_setfield(L, -2, members[i].name);
  }
  lua_setfield(L, env, name);
  lua_pop(L, 1);
}

void rs_library_open(lua_State *L, int env) {
  static const member strings[] = {
      {"byte", guarded_byte, RS_ORIG_BYTE},
      {"char", NULL, 0},
      {"format", guarded_format, RS_ORIG_FORMAT},
      {"len", NULL, 0},
      {"lower", NULL, 0},
      {"rep", guarded_rep, RS_ORIG_REP},
      {"reverse", NULL, 0},
      {"sub", NULL, 0},
      {"upper", NULL, 0},
      {NULL, NULL, 0},
  };
  static const member tables[] = {
      {"concat", guarded_concat, RS_ORIG_CONCAT},
      {"insert", guarded_insert, RS_ORIG_INSERT},
      {"move", guarded_move, RS_ORIG_MOVE},
      {"pack", NULL, 0},
      {"remove", guarded_remove, RS_ORIG_REMOVE},
      {"sort", guarded_sort, RS_ORIG_SORT},
      {"unpack", guarded_unpack, RS_ORIG_UNPACK},
      {NULL, NULL, 0},
  };
  static const member numbers[] = {
      {"abs", NULL, 0},        {"ceil", NULL, 0}, {"exp", NULL, 0},  {"floor", NULL, 0},
      {"fmod", NULL, 0},       {"huge", NULL, 0}, {"log", NULL, 0},  {"max", NULL, 0},
      {"maxinteger", NULL, 0}, {"min", NULL, 0},  {"modf", NULL, 0}, {"mininteger", NULL, 0},
      {"pi", NULL, 0},         {"sqrt", NULL, 0}, {"type", NULL, 0}, {"tointeger", NULL, 0},
      {"ult", NULL, 0},        {NULL, NULL, 0},
  };
  static const member unicode[] = {
      {"char", NULL, 0},
      {"charpattern", NULL, 0},
      {"codepoint", guarded_codepoint, RS_ORIG_CODEPOINT},
      {"len", guarded_utf8len, RS_ORIG_UTF8LEN},
      {"offset", guarded_offset, RS_ORIG_OFFSET},
      {NULL, NULL, 0},
  };
  open_table(L, env, "string", strings);
  open_table(L, env, "table", tables);
  open_table(L, env, "math", numbers);
  open_table(L, env, "utf8", unicode);
}
