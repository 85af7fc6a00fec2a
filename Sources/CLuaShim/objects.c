// The two kinds of objects that scripts hold: their call, and targets.
//
// `call` is a window on an rs_co: it answers only while that rs_co runs, so that a script that
// smuggles it to another call gets an error instead of somebody else's data. Targets are
// immutable; two targets that say the same are equal.

#include "internal.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const kind_names[] = {"", "dn", "agent", "queue", "any", "trunk", "reject"};

static const char base32[] = "0123456789ABCDEFGHIJKLMNOPQRSTUV";

// MARK: Call

rs_co *rs_check_call(lua_State *L) {
  rs_call *call = lua_touserdata(L, 1);
  if (call == NULL || lua_islightuserdata(L, 1) || call->tag != RS_TAG_CALL) {
    luaL_error(L, "a method of call needs ':', as in call:route(target)");
    return NULL;
  }
  if (call->co == NULL || rs_of(L)->current != call->co) {
    luaL_error(L, "this call object belongs to another call");
    return NULL;
  }
  return call->co;
}

static void push_uuid(lua_State *L, const uint64_t *parts) {
  char text[32];
  static const int lengths[3] = {12, 12, 8};
  int position = 0;
  for (int part = 0; part < 3; part++) {
    for (int i = lengths[part] - 1; i >= 0; i--) {
      text[position++] = base32[(parts[part] >> (5 * i)) & 31];
    }
  }
  lua_pushlstring(L, text, sizeof text);
}

static void push_user_data(lua_State *L, rs_co *co) {
  if (lua_getiuservalue(L, 1, 1) == LUA_TTABLE) return;
  lua_pop(L, 1);
  lua_newtable(L);
  for (size_t i = 0; i + 1 < co->pair_count; i += 2) {
    lua_pushlstring(L, co->bytes + co->pairs[i].offset, co->pairs[i].count);
    lua_pushlstring(L, co->bytes + co->pairs[i + 1].offset, co->pairs[i + 1].count);
    lua_rawset(L, -3);
  }
  rs_freeze(L, -1);
  lua_pushvalue(L, -1);
  lua_setiuservalue(L, 1, 1);
  co->has_user_data = true;
}

static int push_fact(lua_State *L, rs_co *co, int fact) {
  switch (fact) {
    case RS_FACT_ID: {
      char text[17];
      snprintf(text, sizeof text, "%016llx", (unsigned long long)co->numbers[fact]);
      lua_pushlstring(L, text, 16);
      return 1;
    }
    case RS_FACT_UUID: push_uuid(L, co->uuid); return 1;
    case RS_FACT_NOW:
    case RS_FACT_ENTERED:
      lua_pushnumber(L, (lua_Number)co->numbers[fact] / 1e9);
      return 1;
    case RS_FACT_ATTEMPTS: lua_pushinteger(L, (lua_Integer)co->numbers[fact]); return 1;
    case RS_FACT_USER_DATA: push_user_data(L, co); return 1;
    default:
      lua_pushlstring(L, co->bytes ? co->bytes + co->texts[fact].offset : "",
                      co->texts[fact].count);
      return 1;
  }
}

static int call_index(lua_State *L) {
  rs_co *co = rs_check_call(L);
  lua_pushvalue(L, 2);
  lua_rawget(L, lua_upvalueindex(1));
  if (lua_type(L, -1) == LUA_TNUMBER) return push_fact(L, co, (int)lua_tointeger(L, -1));
  return 1;
}

static int call_newindex(lua_State *L) {
  const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "?";
  return luaL_error(L, "call.%s cannot be set: keep data with call:attach { %s = value }", name,
                    name);
}

static int call_tostring(lua_State *L) {
  rs_co *co = rs_check_call(L);
  lua_pushliteral(L, "call ");
  push_fact(L, co, RS_FACT_ID);
  lua_concat(L, 2);
  return 1;
}

// core.attach(key, value, ...): what `call.user_data` shows from now on.
static int core_attach(lua_State *L) {
  rs_co *co = rs_of(L)->current;
  if (co == NULL) return luaL_error(L, "no call is running");
  for (int i = 1; i + 1 <= lua_gettop(L); i += 2) {
    size_t key_count, count;
    const char *key = luaL_checklstring(L, i, &key_count);
    const char *value = luaL_checklstring(L, i + 1, &count);
    size_t pair = 0;
    while (pair < co->pair_count &&
           (co->pairs[pair].count != key_count ||
            memcmp(co->bytes + co->pairs[pair].offset, key, key_count) != 0)) {
      pair += 2;
    }
    rs_co_user_data(co, key, key_count, value, count);
    if (pair + 2 < co->pair_count) {
      co->pairs[pair] = co->pairs[co->pair_count - 2];
      co->pairs[pair + 1] = co->pairs[co->pair_count - 1];
      co->pair_count -= 2;
    }
  }
  rs_co_sweep(co);
  lua_rawgeti(L, LUA_REGISTRYINDEX, co->call_ref);
  lua_pushnil(L);
  lua_setiuservalue(L, -2, 1);
  return 0;
}

// core.check(value): what is wrong with a method's first argument; nothing when it is the call
// that runs now.
static int core_check(lua_State *L) {
  rs_call *call = lua_type(L, 1) == LUA_TUSERDATA ? lua_touserdata(L, 1) : NULL;
  if (call == NULL || call->tag != RS_TAG_CALL) {
    lua_pushliteral(L, "a method of call needs ':', as in call:route(target)");
    return 1;
  }
  if (call->co != NULL && rs_of(L)->current == call->co) return 0;
  lua_pushliteral(L, "this call object belongs to another call");
  return 1;
}

// core.yield(operation, ...): the only way out of a script. Returns false and a reason where
// nothing can be asked; the prelude raises it at the line of the script.
static int core_yield(lua_State *L) {
  const char *reason = NULL;
  if (rs_of(L)->current == NULL) {
    reason = "only a call can ask for this, not a file that is loading";
  } else if (!lua_isyieldable(L)) {
    reason = "nothing can be asked inside a function that sort, gsub or tostring calls";
  }
  if (reason != NULL) {
    lua_pushboolean(L, 0);
    lua_pushstring(L, reason);
    return 2;
  }
  return lua_yield(L, lua_gettop(L));
}

// MARK: Targets

const rs_target *rs_to_target(lua_State *L, int index) {
  if (lua_type(L, index) != LUA_TUSERDATA) return NULL;
  const rs_target *target = lua_touserdata(L, index);
  return target->tag == RS_TAG_TARGET ? target : NULL;
}

static const char *text_of(const rs_target *target, int index) {
  return (const char *)target + target->texts[index].offset;
}

void rs_push_target(lua_State *L, int kind, int64_t number, const rs_slice *texts, int count) {
  size_t size = sizeof(rs_target) + (size_t)count * sizeof(rs_span);
  size_t offset = size;
  for (int i = 0; i < count; i++) size += texts[i].count + 1;
  rs_target *target = lua_newuserdatauv(L, size, 0);
  target->tag = RS_TAG_TARGET;
  target->kind = kind;
  target->number = number;
  target->origin_file = 0;
  target->origin_line = 0;
  target->count = count;
  for (int i = 0; i < count; i++) {
    target->texts[i].offset = (uint32_t)offset;
    target->texts[i].count = (uint32_t)texts[i].count;
    if (texts[i].count > 0) memcpy((char *)target + offset, texts[i].bytes, texts[i].count);
    offset += texts[i].count;
    ((char *)target)[offset++] = 0;
  }
  lua_rawgetp(L, LUA_REGISTRYINDEX, &rs_key_target);
  lua_setmetatable(L, -2);
}

#define TEXTS_MAX 66

// core.target(kind, number, text...): the prelude has checked the arguments.
static int core_target(lua_State *L) {
  int kind = (int)luaL_checkinteger(L, 1);
  lua_Integer number = luaL_checkinteger(L, 2);
  int count = lua_gettop(L) - 2;
  rs_slice texts[TEXTS_MAX];
  if (count > TEXTS_MAX) return luaL_error(L, "too many names in one target");
  for (int i = 0; i < count; i++) {
    texts[i].bytes = luaL_checklstring(L, i + 3, &texts[i].count);
    if (texts[i].count > 4096) return luaL_error(L, "a name in a target is too long");
  }
  rs_push_target(L, kind, number, texts, count);
  if (rs_of(L)->coverage.on) rs_cover_target(L, lua_touserdata(L, -1));
  return 1;
}

// core.kind(value): the kind of a target, nil for anything else.
static int core_kind(lua_State *L) {
  const rs_target *target = rs_to_target(L, 1);
  if (target == NULL) return 0;
  lua_pushinteger(L, target->kind);
  return 1;
}

static int target_index(lua_State *L) {
  const rs_target *target = rs_to_target(L, 1);
  if (target == NULL || lua_type(L, 2) != LUA_TSTRING) return 0;
  const char *key = lua_tostring(L, 2);
  if (strcmp(key, "kind") == 0) {
    lua_pushstring(L, kind_names[target->kind]);
    return 1;
  }
  bool named = target->kind != RS_TARGET_ANY && target->kind != RS_TARGET_REJECT;
  if (strcmp(key, "name") == 0 && named) {
    lua_pushlstring(L, text_of(target, 0), target->texts[0].count);
    return 1;
  }
  return 0;
}

static int target_newindex(lua_State *L) {
  return luaL_error(L, "a target cannot be changed");
}

static int target_tostring(lua_State *L) {
  const rs_target *target = rs_to_target(L, 1);
  if (target == NULL) return luaL_error(L, "not a target");
  switch (target->kind) {
    case RS_TARGET_ANY:
      if (target->texts[0].count == 0) {
        lua_pushstring(L, target->count > 1 ? "any { exclude }" : "ANY");
      } else {
        lua_pushfstring(L, "any { skills = \"%s\" }", text_of(target, 0));
      }
      return 1;
    case RS_TARGET_TRUNK:
      lua_pushfstring(L, "trunk(\"%s\", \"%s\")", text_of(target, 0), text_of(target, 1));
      return 1;
    case RS_TARGET_REJECT:
      lua_pushfstring(L, "reject(%d)", (int)target->number);
      return 1;
    default:
      lua_pushfstring(L, "%s \"%s\"", kind_names[target->kind], text_of(target, 0));
      return 1;
  }
}

static int target_eq(lua_State *L) {
  const rs_target *a = rs_to_target(L, 1);
  const rs_target *b = rs_to_target(L, 2);
  bool same = a != NULL && b != NULL && a->kind == b->kind && a->number == b->number &&
              a->count == b->count;
  for (int i = 0; same && i < a->count; i++) {
    same = a->texts[i].count == b->texts[i].count &&
           memcmp(text_of(a, i), text_of(b, i), a->texts[i].count) == 0;
  }
  lua_pushboolean(L, same);
  return 1;
}

int rs_target_kind_of(const rs_target *target) { return target->kind; }

int64_t rs_target_number(const rs_target *target) { return target->number; }

int rs_target_count(const rs_target *target) { return target->count; }

rs_slice rs_target_slice(const rs_target *target, int index) {
  rs_slice slice = {NULL, 0};
  if (index >= target->count) return slice;
  slice.bytes = text_of(target, index);
  slice.count = target->texts[index].count;
  return slice;
}

// MARK: State

static void protect(lua_State *L, const char *name) {
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pushstring(L, name);
  lua_setfield(L, -2, "__name");
}

// core.state(index, newindex): the object `state`. No table, because those are frozen with the
// prelude and could not be written; it holds nothing itself.
static int core_state(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  luaL_checktype(L, 2, LUA_TFUNCTION);
  uint32_t *state = lua_newuserdatauv(L, sizeof *state, 0);
  *state = RS_TAG_STATE;
  lua_newtable(L);
  lua_pushvalue(L, 1);
  lua_setfield(L, -2, "__index");
  lua_pushvalue(L, 2);
  lua_setfield(L, -2, "__newindex");
  protect(L, "state");
  lua_setmetatable(L, -2);
  return 1;
}

// MARK: Opening

void rs_objects_open(lua_State *L) {
  static const struct {
    const char *name;
    int fact;
  } facts[] = {
      {"id", RS_FACT_ID},           {"uuid", RS_FACT_UUID},
      {"ani", RS_FACT_ANI},         {"dnis", RS_FACT_DNIS},
      {"now", RS_FACT_NOW},         {"routing_point", RS_FACT_ROUTING_POINT},
      {"entered", RS_FACT_ENTERED}, {"attempts", RS_FACT_ATTEMPTS},
      {"user_data", RS_FACT_USER_DATA},
  };
  lua_newtable(L);  // facts and methods of call
  for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
    lua_pushinteger(L, facts[i].fact);
    lua_setfield(L, -2, facts[i].name);
  }
  lua_newtable(L);
  lua_pushcfunction(L, call_newindex);
  lua_setfield(L, -2, "__newindex");
  lua_pushcfunction(L, call_tostring);
  lua_setfield(L, -2, "__tostring");
  protect(L, "call");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &rs_key_call);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &rs_key_methods);

  static const luaL_Reg target[] = {
      {"__index", target_index}, {"__newindex", target_newindex},
      {"__eq", target_eq},       {"__tostring", target_tostring},
      {NULL, NULL},
  };
  luaL_newlib(L, target);
  protect(L, "target");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &rs_key_target);
}

// The methods were frozen with the prelude that filled them: `call` reads their shadow.
void rs_objects_seal(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &rs_key_methods);
  if (rs_push_shadow(L, -1)) {
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &rs_key_methods);
  }
  lua_rawgetp(L, LUA_REGISTRYINDEX, &rs_key_call);
  lua_insert(L, -2);
  lua_pushcclosure(L, call_index, 1);
  lua_setfield(L, -2, "__index");
}

void rs_objects_core(lua_State *L, int core) {
  static const luaL_Reg functions[] = {
      {"attach", core_attach}, {"check", core_check},    {"yield", core_yield},
      {"target", core_target}, {"kind", core_kind},      {"lookup", rs_data_lookup},
      {"state", core_state},   {"local_time", rs_local_time},
      {"any", rs_any},         {"filter", rs_core_filter}, {"select", rs_call_select},
      {NULL, NULL},
  };
  lua_pushvalue(L, core);
  luaL_setfuncs(L, functions, 0);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &rs_key_methods);
  lua_setfield(L, -2, "methods");
  lua_pop(L, 1);
}
