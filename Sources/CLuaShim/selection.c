// call:select and any { }: the two that every call that waits has on its stack.
//
// They are in C because a waiting call keeps its coroutine's stack, and Lua doubles a stack that
// once needed more than 40 places: a function of the prelude needs its own places and twenty more
// for every C function that it calls. The benchmarks hold the bytes of a waiting call.
// Source: MEASURED 3; Lua 5.4 ldo.c (luaD_growstack, LUA_MINSTACK).

#include "internal.h"

#define SELECT 1  // the operation's number in Prelude.lua
#define SECONDS_MAX (86400.0 * 365.0)
#define TARGETS_MAX 64
#define TEXT_MAX 256
#define SKILLS_MAX 1024

// MARK: Words

static const char *describe(lua_State *L, int index) {
  if (rs_to_target(L, index) != NULL) return "target";
  return lua_isnoneornil(L, index) ? "nothing" : luaL_typename(L, index);
}

// Pushes what messages call a value.
static const char *push_name(lua_State *L, int index) {
  int type = lua_type(L, index);
  if (type == LUA_TSTRING || type == LUA_TNUMBER) {
    lua_pushvalue(L, index);
  } else {
    lua_pushstring(L, luaL_typename(L, index));
  }
  return lua_tostring(L, -1);
}

// Raises at the line of the function that is `level` calls away.
static int fail(lua_State *L, int level) {
  luaL_where(L, level);
  lua_insert(L, -2);
  lua_concat(L, 2);
  return lua_error(L);
}

static bool is_one_of(const char *text, const char *const *list) {
  for (; *list != NULL; list++) {
    if (strcmp(text, *list) == 0) return true;
  }
  return false;
}

// A key of the table at the top that is not in `known` is an error; of several the first in order.
static void check_keys(lua_State *L, const char *const *known, const char *text, int level) {
  int table = lua_gettop(L);
  lua_pushnil(L);  // the name to blame
  lua_pushnil(L);
  while (lua_next(L, table) != 0) {
    lua_pop(L, 1);
    rs_charge(L, 1);
    if (lua_type(L, -1) == LUA_TSTRING && is_one_of(lua_tostring(L, -1), known)) continue;
    // A read-only table is marked under a key that no script can have.
    if (lua_islightuserdata(L, -1)) continue;
    const char *name = push_name(L, -1);
    if (lua_isnil(L, table + 1) || strcmp(name, lua_tostring(L, table + 1)) < 0) {
      lua_replace(L, table + 1);
    } else {
      lua_pop(L, 1);
    }
  }
  if (!lua_isnil(L, table + 1)) {
    lua_pushfstring(L, "%s '%s'", text, lua_tostring(L, table + 1));
    fail(L, level);
  }
  lua_settop(L, table);
}

// Puts the contents of a read-only table in its place, where there is one.
static void look_inside(lua_State *L, int index) {
  if (rs_push_shadow(L, index)) lua_replace(L, index);
}

static int push_field(lua_State *L, int table, const char *name) {
  lua_pushstring(L, name);
  return lua_rawget(L, table);
}

// MARK: Asking

// What the engine answered; false and a text is an error in the request.
static int answered(lua_State *L, int status, lua_KContext context) {
  (void)status;
  (void)context;
  if (lua_isboolean(L, 1) && !lua_toboolean(L, 1)) {
    lua_settop(L, 2);
    return fail(L, 1);
  }
  return lua_gettop(L);
}

static int ask(lua_State *L) {
  if (!lua_isyieldable(L)) {
    lua_pushliteral(L, "nothing can be asked inside a function that sort, gsub or tostring calls");
    return fail(L, 1);
  }
  return lua_yieldk(L, lua_gettop(L), 0, answered);
}

// MARK: call:select

static const char *const option_names[] = {"timeout", "by",            "priority",
                                           "clear",   "virtual_queue", NULL};
static const char *const rules[] = {"longest_idle", "least_occupied", "fewest_calls",
                                    "round_robin",  "random",         "priority_list", NULL};

static void check_timeout(lua_State *L) {
  if (lua_isnil(L, -1)) return;
  if (lua_type(L, -1) != LUA_TNUMBER) {
    lua_pushfstring(L, "call:select: timeout expects seconds, got %s", describe(L, -1));
    fail(L, 1);
  }
  lua_Number seconds = lua_tonumber(L, -1);
  if (!(seconds >= 0 && seconds <= SECONDS_MAX)) {
    lua_pushliteral(L, "call:select: timeout expects seconds between 0 and a year");
    fail(L, 1);
  }
}

static void check_priority(lua_State *L) {
  if (lua_isnil(L, -1)) return;
  int is_whole = lua_isinteger(L, -1);
  lua_Integer value = is_whole ? lua_tointeger(L, -1) : 0;
  if (!is_whole || value < INT32_MIN || value > INT32_MAX) {
    lua_pushfstring(L, "call:select: priority expects a whole number, got %s", describe(L, -1));
    fail(L, 1);
  }
}

static void check_rule(lua_State *L) {
  if (lua_isnil(L, -1)) return;
  if (lua_type(L, -1) == LUA_TSTRING && is_one_of(lua_tostring(L, -1), rules)) return;
  lua_pushfstring(L, "call:select: there is no rule '%s'", push_name(L, -1));
  fail(L, 1);
}

static void check_clear(lua_State *L) {
  if (lua_isnil(L, -1) || lua_isboolean(L, -1)) return;
  lua_pushfstring(L, "call:select: clear expects true or false, got %s", describe(L, -1));
  fail(L, 1);
}

static void check_virtual_queue(lua_State *L) {
  if (lua_isnil(L, -1)) return;
  size_t count = lua_type(L, -1) == LUA_TSTRING ? lua_rawlen(L, -1) : 0;
  if (count > 0 && count <= TEXT_MAX) return;
  lua_pushfstring(L, "call:select: virtual_queue expects a number as text, got %s",
                  describe(L, -1));
  fail(L, 1);
}

// Pushes what the options say, in the order of the request; `index` may hold nothing.
static void push_options(lua_State *L, int index) {
  static const struct {
    const char *name;
    void (*check)(lua_State *L);
  } fields[] = {{"timeout", check_timeout},
                {"priority", check_priority},
                {"by", check_rule},
                {"clear", check_clear},
                {"virtual_queue", check_virtual_queue}};
  bool given = !lua_isnil(L, index);
  if (given && lua_type(L, index) != LUA_TTABLE) {
    lua_pushfstring(L, "call:select expects options as a table, got %s", describe(L, index));
    fail(L, 1);
  }
  if (given) {
    look_inside(L, index);
    lua_pushvalue(L, index);
    check_keys(L, option_names, "call:select does not know the option", 1);
    lua_pop(L, 1);
  }
  for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
    if (given) {
      push_field(L, index, fields[i].name);
      fields[i].check(L);
    } else {
      lua_pushnil(L);
    }
  }
}

// Pushes the targets of the list at `index`.
static void push_list(lua_State *L, int index) {
  if (lua_type(L, index) != LUA_TTABLE) {
    lua_pushfstring(L, "call:select expects a target or a list of targets, got %s",
                    describe(L, index));
    fail(L, 1);
  }
  look_inside(L, index);
  lua_Unsigned count = lua_rawlen(L, index);
  if (count == 0) {
    lua_pushliteral(L, "call:select expects at least one target");
    fail(L, 1);
  }
  if (count > TARGETS_MAX) {
    lua_pushfstring(L, "call:select takes at most %d targets", TARGETS_MAX);
    fail(L, 1);
  }
  luaL_checkstack(L, (int)count + 4, "call:select");
  for (lua_Unsigned i = 1; i <= count; i++) {
    lua_rawgeti(L, index, (lua_Integer)i);
    if (rs_to_target(L, -1) != NULL) continue;
    lua_pushfstring(L, "call:select expects targets, got %s at %d", describe(L, -1), (int)i);
    fail(L, 1);
  }
}

int rs_call_select(lua_State *L) {
  rs_check_call(L);
  lua_settop(L, 3);
  lua_pushinteger(L, SELECT);
  push_options(L, 3);
  if (rs_to_target(L, 2) != NULL) {
    lua_pushvalue(L, 2);
  } else {
    push_list(L, 2);
  }
  for (int i = 0; i < 3; i++) lua_remove(L, 1);
  return ask(L);
}

// MARK: any { }

static const char *const filter_names[] = {"skills", "group", "exclude", NULL};

// One entry of `exclude`, which is at the top, as the mark and name that the decoder reads.
static void mark_excluded(lua_State *L, const char *what, int level) {
  const rs_target *target = rs_to_target(L, -1);
  if (target == NULL || (target->kind != RS_TARGET_DN && target->kind != RS_TARGET_AGENT)) {
    lua_pushfstring(L, "%s: exclude expects targets such as agent \"1001\", got %s", what,
                    describe(L, -1));
    fail(L, level);
  }
  rs_slice name = rs_target_slice(target, 0);
  lua_pushstring(L, target->kind == RS_TARGET_DN ? "d" : "a");
  lua_pushlstring(L, name.bytes, name.count);
  lua_concat(L, 2);
  lua_remove(L, -2);
}

// Pushes a text for everybody whom the `exclude` at the top names, which stays below them.
static int push_excluded(lua_State *L, const char *what, int level) {
  if (lua_isnil(L, -1)) return 0;
  if (rs_to_target(L, -1) != NULL) {
    lua_pushvalue(L, -1);
    mark_excluded(L, what, level);
    return 1;
  }
  if (lua_type(L, -1) != LUA_TTABLE) {
    lua_pushfstring(L, "%s: exclude expects a list of targets, got %s", what, describe(L, -1));
    fail(L, level);
  }
  int list = lua_gettop(L);
  look_inside(L, list);
  lua_Unsigned count = lua_rawlen(L, list);
  if (count > TARGETS_MAX - 1) {
    lua_pushfstring(L, "%s: exclude has more than %d targets", what, TARGETS_MAX - 1);
    fail(L, level);
  }
  luaL_checkstack(L, (int)count + 6, what);
  for (lua_Unsigned i = 1; i <= count; i++) {
    lua_rawgeti(L, list, (lua_Integer)i);
    mark_excluded(L, what, level);
  }
  return (int)count;
}

// Makes the filter that the table at 1 describes; `what` names the function for messages.
static int filter(lua_State *L, const char *what, int level) {
  lua_settop(L, 1);
  look_inside(L, 1);
  lua_pushvalue(L, 1);
  lua_pushfstring(L, "%s does not know", what);
  const char *unknown = lua_tostring(L, -1);
  lua_insert(L, -2);
  check_keys(L, filter_names, unknown, level);
  lua_settop(L, 1);
  rs_slice texts[TARGETS_MAX + 2] = {{"", 0}};
  int count = 1;
  if (push_field(L, 1, "skills") != LUA_TNIL) {
    if (lua_type(L, -1) != LUA_TSTRING) {
      lua_pushfstring(L, "%s: skills expects an expression, got %s", what, describe(L, -1));
      fail(L, level);
    }
    texts[0].bytes = lua_tolstring(L, -1, &texts[0].count);
    if (texts[0].count > SKILLS_MAX) {
      lua_pushfstring(L, "%s: skills is too long", what);
      fail(L, level);
    }
  }
  if (push_field(L, 1, "group") != LUA_TNIL) {
    size_t length = lua_type(L, -1) == LUA_TSTRING ? lua_rawlen(L, -1) : 0;
    if (length == 0 || length > TEXT_MAX) {
      lua_pushfstring(L, "%s: group expects a name, got %s", what, describe(L, -1));
      fail(L, level);
    }
    lua_pushfstring(L, "g%s", lua_tostring(L, -1));
    texts[count].bytes = lua_tolstring(L, -1, &texts[count].count);
    count += 1;
  }
  push_field(L, 1, "exclude");
  int excluded = push_excluded(L, what, level);
  for (int i = 0; i < excluded; i++) {
    texts[count].bytes = lua_tolstring(L, i - excluded, &texts[count].count);
    count += 1;
  }
  rs_push_target(L, RS_TARGET_ANY, 0, texts, count);
  if (rs_of(L)->coverage.on) rs_cover_target(L, lua_touserdata(L, -1));
  return 1;
}

int rs_any(lua_State *L) {
  if (lua_type(L, 1) != LUA_TTABLE) {
    lua_pushfstring(L, "any expects a table such as { skills = \"sales > 2\" }, got %s",
                    describe(L, 1));
    return fail(L, 1);
  }
  return filter(L, "any", 1);
}

// core.filter(fields, what): the same for a function of the prelude, whose caller is to blame.
int rs_core_filter(lua_State *L) {
  const char *what = luaL_checkstring(L, 2);
  return filter(L, what, 2);
}
