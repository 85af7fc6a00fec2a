// The owner of a lua_State: memory, budgets, verdicts.
//
// States: built (prelude) -> loading (sources run) -> sealed (everything frozen, calls run).
// Invariants:
// - `used` is the number of bytes that Lua holds through our allocator, at every moment.
// - Budgets are armed only while a script runs (rs_arm ... rs_disarm); what the host pushes never
//   trips them.
// - Once `condemned`, every further instruction raises: no pcall of a script survives it
//   (guards.c), and rs_judge reports the verdict, not the error value.
// - No function here that is declared in CLuaShim.h lets a Lua error pass to its caller.
// Who may change it: the thread that owns the interpreter; `rs_lua_interrupt` from a signal
// handler on that thread.
// Source: HOUSE 2.5; MEASURED 3.

#include "internal.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

const char rs_key_call = 0, rs_key_target = 0, rs_key_shadow = 0, rs_key_front = 0;
const char rs_key_sources = 0, rs_key_modules = 0, rs_key_methods = 0, rs_key_data = 0;

#define TICK 1000            // instructions between two looks of the count hook
#define LARGE 1024           // from here on making a string or an array costs instructions
#define BYTES_PER_STEP 32    // how many bytes of these cost as much as one instruction
#define SHARE 8              // of the room that is left, one call may take this part
#define GROWTH_MIN 16384     // bytes that a call may take as long as there are any
#define CHAIN_MAX 2000       // tables that Lua follows through __index for one access
#define MESSAGE_MAX 1000     // bytes kept of an error's text

// CPU seconds after which a counted step ends whatever the count: single instructions can be made
// to work long (an equality of two large texts, a chain of metatables), and no hook sees that.
#define COUNTED_SECONDS_MAX 5

static _Atomic size_t bytes_everywhere;

size_t rs_lua_bytes_everywhere(void) { return atomic_load(&bytes_everywhere); }

// A new large block costs instructions, or `s = s .. s` and `{ ... }` could work for seconds
// between two ticks. What grows in place are stacks and buffers: their filling is counted already.
static bool may_have(rs_lua *rs, const void *block, size_t old, size_t new) {
  size_t had = block ? old : 0;
  if (!rs->armed || new <= had) return true;
  if (block == NULL && new > LARGE) {
    rs->left -= (int64_t)(new / BYTES_PER_STEP);
    if (rs->left <= 0) {
      rs->condemned = RS_INSTRUCTIONS;
      return false;
    }
  }
  if (block == NULL && old == LUA_TSTRING && new > rs->limits.string_max) return false;
  return rs->used - had + new <= rs->ceiling;
}

void *rs_allocate(void *owner, void *block, size_t old, size_t new) {
  rs_lua *rs = owner;
  size_t had = block ? old : 0;
  if (new == 0) {
    rs->used -= had;
    atomic_fetch_sub_explicit(&bytes_everywhere, had, memory_order_relaxed);
    free(block);
    return NULL;
  }
  if (!may_have(rs, block, old, new)) {
    rs->refused = new;
    return NULL;
  }
  void *result = realloc(block, new);
  if (result == NULL) return NULL;
  rs->used += new - had;
  atomic_fetch_add_explicit(&bytes_everywhere, new - had, memory_order_relaxed);
  if (new >= rs->refused) rs->refused = 0;
  return result;
}

// MARK: Budgets

static void raise_at(lua_State *L, lua_Debug *ar, const char *text) {
  lua_getinfo(L, "Sl", ar);
  if (ar->currentline > 0) {
    lua_pushfstring(L, "%s:%d: %s", ar->short_src, ar->currentline, text);
  } else {
    lua_pushstring(L, text);
  }
  lua_error(L);
}

static const char *verdict_text(int verdict) {
  return verdict == RS_MEMORY ? "memory budget exceeded" : "instruction budget exceeded";
}

static int64_t seconds(clockid_t clock) {
  struct timespec time;
  return clock_gettime(clock, &time) == 0 ? (int64_t)time.tv_sec : 0;
}

// The coarse clock costs nothing and says whether a look at the CPU time is worth it: a thread that
// waits for the machine does not take long.
static bool takes_too_long(rs_lua *rs) {
  int64_t now = seconds(CLOCK_MONOTONIC_COARSE);
  if (rs->began == 0) {
    rs->began = now;
    rs->spent = seconds(CLOCK_THREAD_CPUTIME_ID);
  }
  if (now - rs->began < COUNTED_SECONDS_MAX) return false;
  return seconds(CLOCK_THREAD_CPUTIME_ID) - rs->spent >= COUNTED_SECONDS_MAX;
}

static void hook(lua_State *L, lua_Debug *ar) {
  rs_lua *rs = rs_of(L);
  if (ar->event == LUA_HOOKLINE) {
    rs_cover_line(L, ar);
    return;
  }
  if (rs->condemned == 0) {
    rs->left -= rs->tick;
    if (rs->left > 0 && !rs->interrupted && !takes_too_long(rs)) return;
    rs->condemned = RS_INSTRUCTIONS;
  }
  lua_sethook(L, hook, LUA_MASKCOUNT, 1);
  raise_at(L, ar, verdict_text(rs->condemned));
}

int rs_condemn(lua_State *L) {
  rs_lua *rs = rs_of(L);
  if (rs->condemned == 0) rs->condemned = RS_INSTRUCTIONS;
  lua_sethook(L, hook, LUA_MASKCOUNT, 1);
  return luaL_error(L, "%s", verdict_text(rs->condemned));
}

void rs_charge(lua_State *L, int64_t work) {
  rs_lua *rs = rs_of(L);
  if (!rs->armed) return;
  rs->left -= work;
  if (rs->left <= 0 || rs->interrupted || rs->condemned) rs_condemn(L);
}

void rs_lua_interrupt(rs_lua *rs) {
  lua_State *T = rs->running;
  if (T == NULL) return;
  rs->interrupted = 1;
  lua_sethook(T, hook, LUA_MASKCOUNT, 1);
}

// What one access to the table at `index` may cost: the tables that Lua follows to find a field.
int64_t rs_access_cost(lua_State *L, int index) {
  static const char *const events[] = {"__index", "__newindex"};
  if (lua_type(L, index) != LUA_TTABLE || !lua_getmetatable(L, index)) return 1;
  lua_pop(L, 1);
  luaL_checkstack(L, 4, "chain");
  int64_t cost = 1;
  for (int event = 0; event < 2; event++) {
    int64_t length = 0;
    lua_pushvalue(L, index);
    while (length < CHAIN_MAX && lua_getmetatable(L, -1)) {
      lua_pushstring(L, events[event]);
      lua_rawget(L, -2);
      lua_replace(L, -3);
      lua_pop(L, 1);
      length++;
      if (lua_type(L, -1) != LUA_TTABLE) break;
    }
    lua_pop(L, 1);
    if (length > cost) cost = length;
  }
  return cost;
}

void rs_arm(rs_lua *rs, lua_State *T, int64_t instructions, bool counted) {
  size_t total = rs->base + rs->limits.total;
  // Once collected in vain, not again before something has been added: what is full stays full.
  if (rs->used + rs->limits.growth / 4 > total &&
      rs->used > rs->lately + rs->limits.growth / 8) {
    lua_gc(rs->L, LUA_GCCOLLECT);
    rs->lately = rs->used;
  }
  // The fuller it is, the less one call may take: a strategy that hoards fails before those that
  // need little do.
  size_t left = rs->used < total ? total - rs->used : 0;
  size_t growth = left / SHARE > rs->limits.growth ? rs->limits.growth : left / SHARE;
  rs->ceiling = rs->used + (growth > GROWTH_MIN ? growth : left < GROWTH_MIN ? left : GROWTH_MIN);
  rs->left = instructions;
  rs->interrupted = 0;
  rs->condemned = 0;
  rs->refused = 0;
  rs->running = T;
  if (counted || rs->limits.counted || rs->loading) {
    rs->tick = instructions < TICK ? (int)instructions : TICK;
    rs->began = 0;
    lua_sethook(T, hook, LUA_MASKCOUNT | (rs->coverage.on ? LUA_MASKLINE : 0), rs->tick);
  } else {
    rs->tick = 0;
  }
  rs->armed = true;
}

void rs_disarm(rs_lua *rs, lua_State *T) {
  rs->armed = false;
  rs->running = NULL;
  if (lua_gethook(T) != NULL) lua_sethook(T, NULL, 0, 0);
}

// MARK: Verdicts

void rs_message(rs_lua *rs, const char *text, size_t count) {
  if (count > MESSAGE_MAX) count = MESSAGE_MAX;
  char *copy = realloc(rs->message, count + 1);
  if (copy == NULL) return;
  memcpy(copy, text, count);
  copy[count] = 0;
  rs->message = copy;
  rs->message_count = count;
}

static int describe(lua_State *L) {
  lua_State *T = lua_touserdata(L, 1);
  rs_lua *rs = rs_of(L);
  size_t count;
  const char *text;
  if (T == L) {
    text = rs_plain_text(L, 2, &count);
    rs_message(rs, text, count);
    rs->traceback_count = 0;
    return 0;
  }
  lua_pushvalue(T, -1);
  lua_xmove(T, L, 1);
  text = rs_plain_text(L, -1, &count);
  rs_message(rs, text, count);
  luaL_traceback(L, T, NULL, 0);
  text = lua_tolstring(L, -1, &count);
  char *copy = realloc(rs->traceback, count + 1);
  if (copy == NULL) return 0;
  memcpy(copy, text, count + 1);
  rs->traceback = copy;
  rs->traceback_count = count;
  return 0;
}

// Called with the error value on top of T; leaves it there.
rs_outcome rs_judge(rs_lua *rs, lua_State *T, int status) {
  lua_State *L = rs->L;
  rs->traceback_count = 0;
  rs_outcome outcome = RS_ERROR;
  if (rs->condemned) {
    outcome = (rs_outcome)rs->condemned;
  } else if (status == LUA_ERRMEM || rs->refused != 0) {
    outcome = RS_MEMORY;
  }
  if (!lua_checkstack(L, 4) || !lua_checkstack(T, 4)) {
    rs_message(rs, "not enough memory", 17);
    return outcome;
  }
  int top = lua_gettop(L);
  lua_pushcfunction(L, describe);
  lua_pushlightuserdata(L, T);
  if (T == L) {
    lua_pushvalue(L, top);
  } else {
    lua_pushnil(L);
  }
  if (lua_pcall(L, 2, 0, 0) != LUA_OK) rs_message(rs, "error without a text", 20);
  lua_settop(L, top);
  return outcome;
}

const char *rs_lua_message(rs_lua *rs, size_t *count) {
  *count = rs->message_count;
  return rs->message ? rs->message : "";
}

const char *rs_lua_traceback(rs_lua *rs, size_t *count) {
  *count = rs->traceback_count;
  return rs->traceback ? rs->traceback : "";
}

// Runs a C function on the main thread of the interpreter; a budget of 0 means unarmed.
rs_outcome rs_protected(rs_lua *rs, lua_CFunction function, void *argument, int64_t instructions) {
  lua_State *L = rs->L;
  if (!lua_checkstack(L, 8)) return RS_MEMORY;
  int top = lua_gettop(L);
  if (instructions > 0) {
    rs_arm(rs, L, instructions, true);
  } else {
    rs->condemned = 0;
    rs->refused = 0;
  }
  lua_pushcfunction(L, function);
  lua_pushlightuserdata(L, argument);
  int status = lua_pcall(L, 1, 0, 0);
  if (instructions > 0) rs_disarm(rs, L);
  if (status == LUA_OK) return RS_RETURNED;
  rs_outcome outcome = rs_judge(rs, L, status);
  lua_settop(L, top);
  return outcome;
}

// MARK: Life

// Reached only when Lua raises outside of every protected call: a bug of this shim.
static int panic(lua_State *L) {
  (void)L;
  abort();
}

rs_lua *rs_lua_new(rs_limits limits) {
  rs_lua *rs = calloc(1, sizeof *rs);
  if (rs == NULL) return NULL;
  rs->limits = limits;
  rs->loading = true;
  rs->ceiling = SIZE_MAX;
  rs->L = lua_newstate(rs_allocate, rs);
  if (rs->L == NULL) {
    free(rs);
    return NULL;
  }
  lua_atpanic(rs->L, panic);
  *(rs_lua **)lua_getextraspace(rs->L) = rs;
  return rs;
}

void rs_lua_free(rs_lua *rs) {
  if (rs == NULL) return;
  lua_close(rs->L);
  for (rs_co *co = rs->all; co != NULL;) {
    rs_co *next = co->next;
    free(co->pairs);
    free(co->bytes);
    free(co);
    co = next;
  }
  free(rs->message);
  free(rs->traceback);
  free(rs->flat);
  rs_coverage_free(rs);
  rs_zones_free(rs);
  free(rs);
}

size_t rs_lua_bytes(const rs_lua *rs) { return rs->used; }

int64_t rs_lua_work(const rs_lua *rs) { return rs->limits.instructions - rs->left; }

void rs_lua_collect(rs_lua *rs) { lua_gc(rs->L, LUA_GCCOLLECT); }

void rs_lua_set_counted(rs_lua *rs, bool counted) { rs->limits.counted = counted; }
