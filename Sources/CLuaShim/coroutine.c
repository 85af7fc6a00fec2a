// One coroutine per call: made, started, resumed, and kept for the next call.
//
// States of an rs_co: free (in `free_list`, nothing of a call in it) -> started by rs_co_start ->
// yielded <-> resumed -> ended -> released (free again, or dropped when enough are kept).
// Invariants:
// - `T` and `call` are anchored in the registry as long as the rs_co lives.
// - Between two resumes the stack of T ends with the `results` values that were yielded.
// - `rs->current` is the rs_co that runs, NULL when none does: a `call` object answers only then.
// - A coroutine on which a verdict was raised is never used again, not even to close it: Lua leaves
//   it in the middle of a hook, and on such a one no hook ever runs again (ldo.c, luaD_hook). One
//   that failed is not kept either: it holds on to the room that a deep recursion needed.
// Who may change it: the functions of this file.
// Source: HOUSE 2.5; MEASURED 3 (a kept coroutine and a kept call object cost half of new ones).

#include "internal.h"

#include <stdlib.h>

#define KEPT 1024            // free coroutines kept for the next calls
#define KEPT_BYTES 16384     // room for facts that a free one keeps
#define WASTE_BYTES 65536    // outdated facts that a running one keeps

typedef struct {
  rs_lua *rs;
  rs_co *co;
} make_request;

static int make(lua_State *L) {
  make_request *request = lua_touserdata(L, 1);
  rs_co *co = request->co;
  co->T = lua_newthread(L);
  co->thread_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  co->call = lua_newuserdatauv(L, sizeof *co->call, 1);
  co->call->tag = RS_TAG_CALL;
  co->call->co = co;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &rs_key_call);
  lua_setmetatable(L, -2);
  co->call_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  return 0;
}

static void drop(rs_co *co) {
  rs_lua *rs = co->rs;
  // A lightened free of the call object: whoever still holds it finds nobody behind it.
  if (co->call != NULL) co->call->co = NULL;
  if (co->call_ref > 0) luaL_unref(rs->L, LUA_REGISTRYINDEX, co->call_ref);
  if (co->thread_ref > 0) luaL_unref(rs->L, LUA_REGISTRYINDEX, co->thread_ref);
  *co->link = co->next;
  if (co->next != NULL) co->next->link = co->link;
  free(co->pairs);
  free(co->bytes);
  free(co);
}

rs_co *rs_co_new(rs_lua *rs) {
  rs_co *co = rs->free_list;
  if (co != NULL) {
    rs->free_list = co->next_free;
    rs->free_count -= 1;
    return co;
  }
  co = calloc(1, sizeof *co);
  if (co == NULL) return NULL;
  co->rs = rs;
  co->fresh = true;
  co->next = rs->all;
  co->link = &rs->all;
  if (rs->all != NULL) rs->all->link = &co->next;
  rs->all = co;
  make_request request = {rs, co};
  if (rs_protected(rs, make, &request, 0) != RS_RETURNED) {
    drop(co);
    return NULL;
  }
  return co;
}

// Counted in any mode: the watchdog watches steps, and this is none.
static void run_close_handlers(rs_co *co) {
  rs_lua *rs = co->rs;
  rs->current = NULL;
  rs_arm(rs, co->T, rs->limits.instructions, true);
  lua_resetthread(co->T);
  rs_disarm(rs, co->T);
  if (rs->condemned != 0) co->spoiled = true;
  lua_settop(co->T, 0);
}

static void forget_facts(rs_co *co) {
  co->byte_count = 0;
  co->pair_count = 0;
  memset(co->texts, 0, sizeof co->texts);
  if (co->byte_capacity <= KEPT_BYTES) return;
  free(co->bytes);
  free(co->pairs);
  co->bytes = NULL;
  co->pairs = NULL;
  co->byte_capacity = 0;
  co->pair_capacity = 0;
}

void rs_co_release(rs_co *co) {
  rs_lua *rs = co->rs;
  if (co->spoiled) {
    drop(co);
    return;
  }
  if (co->fresh) {
    lua_settop(co->T, 0);
  } else {
    run_close_handlers(co);
  }
  co->fresh = true;
  co->results = 0;
  forget_facts(co);
  if (co->has_user_data) {
    lua_rawgeti(rs->L, LUA_REGISTRYINDEX, co->call_ref);
    lua_pushnil(rs->L);
    lua_setiuservalue(rs->L, -2, 1);
    lua_pop(rs->L, 1);
    co->has_user_data = false;
  }
  if (co->spoiled || co->failed || rs->free_count >= KEPT) {
    drop(co);
    return;
  }
  co->next_free = rs->free_list;
  rs->free_list = co;
  rs->free_count += 1;
}

// MARK: Facts

static bool room(rs_co *co, size_t count) {
  if (co->byte_capacity - co->byte_count >= count) return true;
  size_t capacity = (co->byte_count + count) * 2 + 128;
  char *bytes = realloc(co->bytes, capacity);
  if (bytes == NULL) return false;
  co->bytes = bytes;
  co->byte_capacity = capacity;
  return true;
}

static rs_span keep(rs_co *co, const void *bytes, size_t count) {
  rs_span span = {(uint32_t)co->byte_count, 0};
  if (count == 0 || count > UINT32_MAX / 4 || !room(co, count)) return span;
  memcpy(co->bytes + co->byte_count, bytes, count);
  co->byte_count += count;
  span.count = (uint32_t)count;
  return span;
}

void rs_co_fill(rs_co *co, const rs_facts *facts) {
  co->numbers[RS_FACT_ID] = facts->id;
  co->numbers[RS_FACT_ENTERED] = facts->entered;
  co->numbers[RS_FACT_NOW] = facts->now;
  co->numbers[RS_FACT_ATTEMPTS] = facts->attempts;
  memcpy(co->uuid, facts->uuid, sizeof co->uuid);
  co->texts[RS_FACT_ANI] = keep(co, facts->ani.bytes, facts->ani.count);
  co->texts[RS_FACT_DNIS] = keep(co, facts->dnis.bytes, facts->dnis.count);
  co->texts[RS_FACT_ROUTING_POINT] =
      keep(co, facts->routing_point.bytes, facts->routing_point.count);
}

void rs_co_number(rs_co *co, rs_fact fact, uint64_t value) { co->numbers[fact] = value; }

void rs_co_user_data(rs_co *co, const void *key, size_t key_count, const void *value,
                     size_t value_count) {
  if (co->pair_count + 2 > co->pair_capacity) {
    size_t capacity = co->pair_capacity * 2 + 16;
    rs_span *pairs = realloc(co->pairs, capacity * sizeof *pairs);
    if (pairs == NULL) return;
    co->pairs = pairs;
    co->pair_capacity = capacity;
  }
  co->pairs[co->pair_count++] = keep(co, key, key_count);
  co->pairs[co->pair_count++] = keep(co, value, value_count);
}

// Values that were replaced leave their bytes behind; from time to time they are swept out.
void rs_co_sweep(rs_co *co) {
  size_t needed = 0;
  for (int i = 0; i < RS_FACT_COUNT; i++) needed += co->texts[i].count;
  for (size_t i = 0; i < co->pair_count; i++) needed += co->pairs[i].count;
  if (co->byte_count < needed + WASTE_BYTES) return;
  char *old = co->bytes;
  co->bytes = NULL;
  co->byte_count = 0;
  co->byte_capacity = 0;
  if (!room(co, needed)) {
    free(old);
    memset(co->texts, 0, sizeof co->texts);
    co->pair_count = 0;
    return;
  }
  for (int i = 0; i < RS_FACT_COUNT; i++) {
    co->texts[i] = keep(co, old + co->texts[i].offset, co->texts[i].count);
  }
  for (size_t i = 0; i < co->pair_count; i++) {
    co->pairs[i] = keep(co, old + co->pairs[i].offset, co->pairs[i].count);
  }
  free(old);
}

// MARK: Running

rs_outcome rs_co_run(rs_co *co, int arguments) {
  rs_lua *rs = co->rs;
  co->fresh = false;
  rs->current = co;
  rs_arm(rs, co->T, co->goes_on ? co->left : rs->limits.instructions, false);
  if (co->goes_on && rs->ceiling > rs->used + co->growth) rs->ceiling = rs->used + co->growth;
  int status = lua_resume(co->T, NULL, arguments, &co->results);
  rs_disarm(rs, co->T);
  rs->current = NULL;
  if (rs->condemned != 0) co->spoiled = true;
  co->goes_on = false;
  co->left = rs->left > 0 ? rs->left : 1;
  co->growth = rs->ceiling > rs->used ? rs->ceiling - rs->used : 0;
  if (status == LUA_YIELD && rs->condemned == 0) return RS_YIELDED;
  if (status == LUA_OK && rs->condemned == 0) {
    // An ended coroutine can run again as it is: no reset needed.
    co->fresh = true;
    return RS_RETURNED;
  }
  if (status == LUA_YIELD || status == LUA_OK) {
    rs_message(rs, "instruction budget exceeded", 27);
    return (rs_outcome)rs->condemned;
  }
  co->failed = true;
  return rs_judge(rs, co->T, status);
}

void rs_co_goes_on(rs_co *co, bool goes_on) { co->goes_on = goes_on; }

rs_outcome rs_co_start(rs_co *co, int reference) {
  lua_settop(co->T, 0);
  lua_rawgeti(co->T, LUA_REGISTRYINDEX, reference);
  lua_rawgeti(co->T, LUA_REGISTRYINDEX, co->call_ref);
  return rs_co_run(co, 1);
}

typedef struct {
  rs_co *co;
  const rs_value *values;
  size_t count;
} push_request;

void rs_push_value(lua_State *T, const rs_value *value) {
  switch (value->kind) {
    case RS_BOOLEAN: lua_pushboolean(T, value->boolean); return;
    case RS_INTEGER: lua_pushinteger(T, value->integer); return;
    case RS_NUMBER: lua_pushnumber(T, value->number); return;
    case RS_TEXT: lua_pushlstring(T, value->text.bytes, value->text.count); return;
    case RS_TARGET: {
      rs_slice texts[2] = {value->text, value->second};
      rs_push_target(T, (int)value->integer, 0, texts, value->second.count > 0 ? 2 : 1);
      return;
    }
    case RS_NIL:
    case RS_OTHER: lua_pushnil(T); return;
  }
}

static int push_values(lua_State *L) {
  push_request *request = lua_touserdata(L, 1);
  for (size_t i = 0; i < request->count; i++) {
    rs_push_value(L, &request->values[i]);
  }
  lua_xmove(L, request->co->T, (int)request->count);
  return 0;
}

rs_outcome rs_co_resume(rs_co *co, const rs_value *values, size_t count) {
  lua_State *T = co->T;
  lua_pop(T, co->results);
  co->results = 0;
  if (!lua_checkstack(T, (int)count + 2)) return RS_MEMORY;
  bool plain = true;
  for (size_t i = 0; i < count; i++) {
    if (values[i].kind == RS_TEXT || values[i].kind == RS_TARGET) plain = false;
  }
  if (plain) {
    for (size_t i = 0; i < count; i++) rs_push_value(T, &values[i]);
  } else {
    push_request request = {co, values, count};
    rs_outcome outcome = rs_protected(co->rs, push_values, &request, 0);
    if (outcome != RS_RETURNED) return outcome;
  }
  return rs_co_run(co, (int)count);
}

// MARK: Reading

#define FRAMES_MAX 16  // how deep a script's frame may lie below those of the prelude

bool rs_co_place(rs_co *co, rs_slice *file, int *line) {
  lua_Debug ar;
  for (int level = 0; level < FRAMES_MAX && lua_getstack(co->T, level, &ar); level++) {
    if (lua_getinfo(co->T, "Sl", &ar) == 0 || ar.currentline <= 0) continue;
    // Files begin with '@'; the prelude is not a file.
    if (ar.source[0] != '@') continue;
    file->bytes = ar.source + 1;
    file->count = ar.srclen - 1;
    *line = ar.currentline;
    return true;
  }
  return false;
}

static int at(const rs_co *co, int index) { return index - co->results; }

int rs_co_count(const rs_co *co) { return co->results; }

const rs_target *rs_co_target(const rs_co *co, int index) {
  if (index >= co->results) return NULL;
  if (lua_type(co->T, at(co, index)) != LUA_TUSERDATA) return NULL;
  const rs_target *target = lua_touserdata(co->T, at(co, index));
  return target->tag == RS_TAG_TARGET ? target : NULL;
}

bool rs_co_returned_any(const rs_co *co) {
  const rs_target *target = rs_co_target(co, 0);
  return target != NULL && target->kind == RS_TARGET_ANY && target->count == 1 &&
         target->texts[0].count == 0;
}

rs_kind rs_co_kind(const rs_co *co, int index) {
  if (index >= co->results) return RS_NIL;
  switch (lua_type(co->T, at(co, index))) {
    case LUA_TNIL: return RS_NIL;
    case LUA_TBOOLEAN: return RS_BOOLEAN;
    case LUA_TNUMBER: return lua_isinteger(co->T, at(co, index)) ? RS_INTEGER : RS_NUMBER;
    case LUA_TSTRING: return RS_TEXT;
    case LUA_TUSERDATA: return rs_co_target(co, index) != NULL ? RS_TARGET : RS_OTHER;
    default: return RS_OTHER;
  }
}

// Pushes the list at `index`, or what a frozen one stands for; false, and nothing, for no table.
static bool push_list(const rs_co *co, int index) {
  if (index >= co->results || lua_type(co->T, at(co, index)) != LUA_TTABLE) return false;
  if (!lua_checkstack(co->T, 4)) return false;
  if (!rs_push_shadow(co->T, at(co, index))) lua_pushvalue(co->T, at(co, index));
  return true;
}

int rs_co_list_count(const rs_co *co, int index) {
  if (!push_list(co, index)) return 0;
  lua_Unsigned count = lua_rawlen(co->T, -1);
  lua_pop(co->T, 1);
  return count > 1000 ? 1000 : (int)count;
}

const rs_target *rs_co_list_target(const rs_co *co, int index, int place) {
  if (!push_list(co, index)) return NULL;
  // The table keeps the target alive after it has left the stack.
  lua_rawgeti(co->T, -1, place);
  const rs_target *target = lua_isuserdata(co->T, -1) && !lua_islightuserdata(co->T, -1)
                                ? lua_touserdata(co->T, -1)
                                : NULL;
  lua_pop(co->T, 2);
  return target != NULL && target->tag == RS_TAG_TARGET ? target : NULL;
}

bool rs_co_boolean(const rs_co *co, int index) {
  return index < co->results && lua_toboolean(co->T, at(co, index));
}

int64_t rs_co_integer(const rs_co *co, int index) {
  return index < co->results ? lua_tointeger(co->T, at(co, index)) : 0;
}

double rs_co_double(const rs_co *co, int index) {
  return index < co->results ? lua_tonumber(co->T, at(co, index)) : 0;
}

rs_slice rs_co_slice(const rs_co *co, int index) {
  rs_slice slice = {NULL, 0};
  if (index < co->results && lua_type(co->T, at(co, index)) == LUA_TSTRING) {
    slice.bytes = lua_tolstring(co->T, at(co, index), &slice.count);
  }
  return slice;
}

const char *rs_co_type_name(const rs_co *co, int index) {
  if (index >= co->results) return "nothing";
  return lua_typename(co->T, lua_type(co->T, at(co, index)));
}
