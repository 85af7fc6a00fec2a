#ifndef CLUASHIM_H
#define CLUASHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Lua for Swift: one interpreter per generation, one coroutine per call, resumed and never called
// back. Nothing here raises through its caller; every function that can fail says so by its result.
// An interpreter belongs to one thread at a time; it may be built on one and handed to another.

typedef struct rs_lua rs_lua;
typedef struct rs_co rs_co;
typedef struct rs_target rs_target;

/// How a piece of Lua ended.
typedef enum {
  RS_YIELDED = 1,       // it asks for something: read the values, resume later
  RS_RETURNED = 2,      // it is done: the values are what it returned
  RS_ERROR = 3,         // a Lua error: rs_lua_message, rs_lua_traceback
  RS_INSTRUCTIONS = 4,  // the instruction budget, or the watchdog, ended it
  RS_MEMORY = 5,        // the memory budget ended it
} rs_outcome;

/// Types of values that cross the border.
typedef enum {
  RS_NIL = 0,
  RS_BOOLEAN = 1,
  RS_INTEGER = 2,
  RS_NUMBER = 3,
  RS_TEXT = 4,
  RS_TARGET = 5,
  RS_OTHER = 6,
} rs_kind;

/// What a target is; the numbers are those of Prelude.lua.
typedef enum {
  RS_TARGET_DN = 1,
  RS_TARGET_AGENT = 2,
  RS_TARGET_QUEUE = 3,
  RS_TARGET_ANY = 4,
  RS_TARGET_TRUNK = 5,
  RS_TARGET_REJECT = 6,
} rs_target_kind;

/// Texts and numbers that `call` shows; the numbers are those of Prelude.lua.
typedef enum {
  RS_FACT_ID = 1,
  RS_FACT_UUID = 2,
  RS_FACT_ANI = 3,
  RS_FACT_DNIS = 4,
  RS_FACT_ROUTING_POINT = 5,
  RS_FACT_NOW = 6,
  RS_FACT_ENTERED = 7,
  RS_FACT_ATTEMPTS = 8,
  RS_FACT_USER_DATA = 9,
  RS_FACT_COUNT = 10,
} rs_fact;

/// Bytes that belong to somebody else.
typedef struct {
  const void *bytes;
  size_t count;
} rs_slice;

/// One value to hand to a coroutine.
typedef struct {
  rs_kind kind;
  bool boolean;
  int64_t integer;  // of a target: its kind
  double number;
  rs_slice text;    // of a target: its name
  rs_slice second;  // of a target: a second name (the agent behind a DN)
} rs_value;

/// The functions of a strategy, as references.
typedef struct {
  int route;
  int save;
  int restore;
} rs_functions;

/// Every budget of an interpreter. A stretch is what a call's strategy does at one instant: steps
/// between which it did not wait.
typedef struct {
  int64_t instructions;  // per stretch
  size_t growth;         // bytes that one stretch may add
  size_t total;          // bytes that all calls together may add to the loaded generation
  size_t string_max;     // longest string that a script may build
  bool counted;          // true: count every instruction (exact); false: a watchdog interrupts
} rs_limits;

// The interpreter.
rs_lua *rs_lua_new(rs_limits limits);
void rs_lua_free(rs_lua *rs);
size_t rs_lua_bytes(const rs_lua *rs);
void rs_lua_collect(rs_lua *rs);
/// What the last stretch has cost of the instruction budget so far.
int64_t rs_lua_work(const rs_lua *rs);
void rs_lua_set_counted(rs_lua *rs, bool counted);
/// Bytes in use by all interpreters of the process together.
size_t rs_lua_bytes_everywhere(void);

/// The text of the last error; valid until the next call on this interpreter.
const char *rs_lua_message(rs_lua *rs, size_t *count);
const char *rs_lua_traceback(rs_lua *rs, size_t *count);

// Loading: prelude first, then sources and data, then every source, then `seal`.
rs_outcome rs_lua_prelude(rs_lua *rs, rs_slice text);
rs_outcome rs_lua_bare(rs_lua *rs);
/// Both preludes: what strategies get, and what tests get besides.
rs_outcome rs_lua_test_prelude(rs_lua *rs, rs_slice text, rs_slice tests);
/// The function that drives tests, for rs_co_start; 0 when there is none.
int rs_lua_driver(const rs_lua *rs);
rs_outcome rs_lua_add_source(rs_lua *rs, rs_slice module, rs_slice chunkname, rs_slice text);
rs_outcome rs_lua_data_table(rs_lua *rs, rs_slice name);
rs_outcome rs_lua_data_row(rs_lua *rs, rs_slice key, const rs_slice *names, const rs_value *cells,
                           size_t count);
/// Runs a module once, within `instructions`. A strategy (`functions` is not NULL) gives its
/// functions, 0 where it has none; what it returned otherwise is an error.
rs_outcome rs_lua_load(rs_lua *rs, rs_slice module, int64_t instructions, rs_functions *functions);
rs_outcome rs_lua_seal(rs_lua *rs);
/// Calls a strategy's `save` or `restore` with a table of values; the result lies flattened.
rs_outcome rs_lua_hand_over(rs_lua *rs, int reference, const rs_slice *names,
                            const rs_value *values, size_t count, int64_t instructions);
/// The names of the system's time zones, one a line, in no order; give them back when read.
char *rs_zone_names(size_t *count);
void rs_zone_names_free(char *names);

/// Runs a data file in the sandbox and flattens what it returns (see flatten.c for the format).
rs_outcome rs_lua_evaluate(rs_lua *rs, rs_slice chunkname, rs_slice text, int64_t instructions);
const unsigned char *rs_lua_flat(const rs_lua *rs, size_t *count);

/// Dotted names of everything that a script can reach, one a line, sorted.
rs_outcome rs_lua_names(rs_lua *rs);

// Coroutines.

/// What `call` shows from its start: id as 64 bits, now and entered in nanoseconds.
typedef struct {
  uint64_t id;
  uint64_t uuid[3];
  uint64_t entered;
  uint64_t now;
  uint64_t attempts;
  rs_slice ani;
  rs_slice dnis;
  rs_slice routing_point;
} rs_facts;

rs_co *rs_co_new(rs_lua *rs);
void rs_co_release(rs_co *co);
void rs_co_fill(rs_co *co, const rs_facts *facts);
/// Numbers: id as 64 bits, now and entered in nanoseconds, attempts.
void rs_co_number(rs_co *co, rs_fact fact, uint64_t value);
void rs_co_user_data(rs_co *co, const void *key, size_t key_count, const void *value,
                     size_t value_count);
rs_outcome rs_co_start(rs_co *co, int reference);
/// Says whether the next step is of the same stretch as the last one, and shares its budgets.
void rs_co_goes_on(rs_co *co, bool goes_on);
rs_outcome rs_co_resume(rs_co *co, const rs_value *values, size_t count);

/// The file and line of the script in which a coroutine that yielded stands; false: nobody knows.
bool rs_co_place(rs_co *co, rs_slice *file, int *line);

/// Resumes with values in the format of flatten.c; 'T' is a target (testing.c).
rs_outcome rs_co_resume_flat(rs_co *co, rs_slice flat, size_t count);
/// Flattens a value that a coroutine yielded: rs_lua_flat has it then.
rs_outcome rs_co_flatten(rs_co *co, int index);

// Coverage: off unless asked for before anything is loaded, and then it costs nothing.
void rs_lua_cover(rs_lua *rs);
size_t rs_lua_covered_count(const rs_lua *rs);
/// The chunk name of a source that ran, by an index from 0.
rs_slice rs_lua_covered_name(const rs_lua *rs, size_t index);
/// How often its lines ran, the line as index.
const uint32_t *rs_lua_covered_lines(const rs_lua *rs, size_t index, size_t *count);
/// The line of a script that ran last; the result is an index as above, or negative.
int rs_lua_last_line(const rs_lua *rs, int *line);
/// Where a script made a target; the result is an index as above, or negative.
int rs_target_origin(const rs_target *target, int *line);

// What a coroutine yielded or returned; indices start at 0.
int rs_co_count(const rs_co *co);
/// Whether what was returned is ANY without a condition.
bool rs_co_returned_any(const rs_co *co);
rs_kind rs_co_kind(const rs_co *co, int index);
bool rs_co_boolean(const rs_co *co, int index);
int64_t rs_co_integer(const rs_co *co, int index);
double rs_co_double(const rs_co *co, int index);
rs_slice rs_co_slice(const rs_co *co, int index);
const rs_target *rs_co_target(const rs_co *co, int index);
// How many values a returned list has; 0 for anything but a table.
int rs_co_list_count(const rs_co *co, int index);
// The target at a place of a returned list, from 1; NULL for anything else.
const rs_target *rs_co_list_target(const rs_co *co, int index, int place);
const char *rs_co_type_name(const rs_co *co, int index);

int rs_target_kind_of(const rs_target *target);
int64_t rs_target_number(const rs_target *target);
int rs_target_count(const rs_target *target);
rs_slice rs_target_slice(const rs_target *target, int index);

/// Ends the step that runs now. Only from the thread that runs it (a signal handler there).
void rs_lua_interrupt(rs_lua *rs);

// The watchdog: a thread that interrupts a step of another thread that takes too long.
typedef struct rs_watchdog rs_watchdog;
rs_watchdog *rs_watchdog_start(int64_t milliseconds);
void rs_watchdog_stop(rs_watchdog *dog);
/// A step begins; `goes_on` says that its time counts together with that of the last one.
void rs_watchdog_enter(rs_watchdog *dog, rs_lua *rs, bool goes_on);
void rs_watchdog_leave(rs_watchdog *dog);

#endif
