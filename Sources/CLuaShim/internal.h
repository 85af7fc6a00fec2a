#ifndef RS_INTERNAL_H
#define RS_INTERNAL_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <signal.h>
#include <string.h>

#include "CLuaShim.h"

// Original library functions that a guard calls after it has charged for the work.
enum {
  RS_ORIG_CONCAT,
  RS_ORIG_INSERT,
  RS_ORIG_MOVE,
  RS_ORIG_REMOVE,
  RS_ORIG_SORT,
  RS_ORIG_UNPACK,
  RS_ORIG_REP,
  RS_ORIG_FORMAT,
  RS_ORIG_BYTE,
  RS_ORIG_CODEPOINT,
  RS_ORIG_UTF8LEN,
  RS_ORIG_OFFSET,
  RS_ORIG_TONUMBER,
  RS_ORIG_COUNT,
};

// How often each line of a source ran.
typedef struct {
  char *name;
  uint32_t *hits;  // by line
  size_t capacity;
} rs_covered;

typedef struct {
  bool on;
  rs_covered *files;
  size_t count;
  int last_file;  // the line of a script that ran last; an index from 1
  int last_line;
} rs_coverage;

struct rs_lua {
  lua_State *L;
  rs_limits limits;

  // Memory: `used` always counts; `armed` is true only while a script runs.
  size_t used;
  size_t base;     // in use when the generation was sealed
  size_t ceiling;  // `used` may not pass this while armed
  size_t refused;  // size of the last allocation refused, 0 when a later one that large went well
  size_t lately;   // `used` after the last full collection that was made for want of room
  bool armed;

  // Instructions: `left` counts down by hook ticks and by the work of library functions.
  int64_t left;
  int tick;
  int64_t began;  // by the coarse clock, at the step's first tick; 0 before
  int64_t spent;  // the thread's CPU seconds then
  volatile sig_atomic_t interrupted;
  volatile sig_atomic_t condemned;  // 0 or the rs_outcome that no pcall may stop
  lua_State *volatile running;

  bool sealed;
  bool loading;
  rs_coverage coverage;
  int driver;  // registry reference of the function that runs tests; 0: none
  rs_co *current;
  rs_co *free_list;
  int free_count;
  rs_co *all;

  char *message;
  size_t message_count;
  char *traceback;
  size_t traceback_count;
  unsigned char *flat;
  size_t flat_count;
  size_t flat_capacity;

  lua_CFunction original[RS_ORIG_COUNT];

  struct rs_zone *zones;
  int zone_count;
};

#define RS_TAG_CALL 0x43414c4cu
#define RS_TAG_TARGET 0x54415247u
#define RS_TAG_STATE 0x53544154u

typedef struct {
  uint32_t tag;
  rs_co *co;
} rs_call;

typedef struct {
  uint32_t offset;
  uint32_t count;
} rs_span;

struct rs_target {
  uint32_t tag;
  int32_t kind;
  int64_t number;
  int32_t origin_file;  // where the script made it, while coverage is kept; 0: not known
  int32_t origin_line;
  int32_t count;
  rs_span texts[];
};

struct rs_co {
  rs_lua *rs;
  lua_State *T;
  rs_call *call;
  int thread_ref;
  int call_ref;
  int results;
  bool fresh;    // nothing has run on T since it was made or reset
  bool spoiled;  // a verdict was raised on T: Lua runs no hook on it any more
  bool failed;   // it ended with an error
  bool goes_on;  // the next step is of the same stretch as the last one: no new budgets
  int64_t left;  // instructions left for this stretch
  size_t growth; // bytes left for this stretch
  rs_co *next_free;
  rs_co *next;
  rs_co **link;

  uint64_t numbers[RS_FACT_COUNT];
  uint64_t uuid[3];
  rs_span texts[RS_FACT_COUNT];
  rs_span *pairs;  // key, value, key, value
  size_t pair_count;
  size_t pair_capacity;
  char *bytes;
  size_t byte_count;
  size_t byte_capacity;
  bool has_user_data;
};

static inline rs_lua *rs_of(lua_State *L) { return *(rs_lua **)lua_getextraspace(L); }

// Registry keys: their addresses.
extern const char rs_key_call, rs_key_target, rs_key_shadow, rs_key_front;
extern const char rs_key_sources, rs_key_modules, rs_key_methods, rs_key_data;

// interpreter.c
void rs_arm(rs_lua *rs, lua_State *T, int64_t instructions, bool counted);
void rs_disarm(rs_lua *rs, lua_State *T);
rs_outcome rs_judge(rs_lua *rs, lua_State *T, int status);
rs_outcome rs_protected(rs_lua *rs, lua_CFunction function, void *argument, int64_t instructions);
void rs_charge(lua_State *L, int64_t work);
int64_t rs_access_cost(lua_State *L, int index);
int rs_condemn(lua_State *L);
void rs_message(rs_lua *rs, const char *text, size_t count);
void *rs_allocate(void *owner, void *block, size_t old, size_t new);

// guards.c: what scripts get instead of Lua's own base functions
void rs_guards_open(lua_State *L, int env);
const char *rs_plain_text(lua_State *L, int index, size_t *count);
void rs_push_readable(lua_State *L, int index);

// library.c, pattern.c, order.c: they replace members of the library tables in `env`
void rs_library_open(lua_State *L, int env);
void rs_pattern_open(lua_State *L, int env);
void rs_order_open(lua_State *L, int env);
int rs_sorted_keys(lua_State *L, int index);

// coroutine.c
void rs_co_sweep(rs_co *co);

// objects.c: `call` and targets
void rs_objects_open(lua_State *L);
void rs_objects_seal(lua_State *L);
void rs_objects_core(lua_State *L, int core);
void rs_push_target(lua_State *L, int kind, int64_t number, const rs_slice *texts, int count);
const rs_target *rs_to_target(lua_State *L, int index);
rs_co *rs_check_call(lua_State *L);

// selection.c: call:select and any { }
int rs_call_select(lua_State *L);
int rs_any(lua_State *L);
int rs_core_filter(lua_State *L);

// freeze.c: tables that can be read and not written
void rs_freeze(lua_State *L, int index);
bool rs_push_shadow(lua_State *L, int index);
void rs_push_window(lua_State *L, int index);

// coroutine.c
rs_outcome rs_co_run(rs_co *co, int arguments);
void rs_push_value(lua_State *T, const rs_value *value);

// flatten.c: the value at `index` into `rs->flat`
void rs_flatten(lua_State *L, int index);

// coverage.c: which lines ran, which targets were made where
void rs_cover_line(lua_State *L, lua_Debug *ar);
void rs_cover_target(lua_State *L, rs_target *target);
void rs_coverage_free(rs_lua *rs);

// testing.c: what only tests of strategies need
void rs_testing_core(lua_State *L, int core);

// zone.c
int rs_local_time(lua_State *L);
void rs_zones_free(rs_lua *rs);

// modules.c
int rs_require(lua_State *L);
int rs_data_lookup(lua_State *L);

#endif
