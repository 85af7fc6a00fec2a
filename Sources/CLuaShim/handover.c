// What a strategy keeps, handed from one generation to the next: its `save`, its `restore`.
//
// Both are called with a plain table and return one; nothing of a call is there, so that whatever
// they ask for raises. The result is flattened (flatten.c) and read from there.

#include "internal.h"

typedef struct {
  int reference;
  const rs_slice *names;
  const rs_value *values;
  size_t count;
} hand_over;

static int call_with_values(lua_State *L) {
  const hand_over *h = lua_touserdata(L, 1);
  lua_settop(L, 0);
  lua_rawgeti(L, LUA_REGISTRYINDEX, h->reference);
  lua_createtable(L, 0, (int)h->count);
  for (size_t i = 0; i < h->count; i++) {
    lua_pushlstring(L, h->names[i].count ? h->names[i].bytes : "", h->names[i].count);
    rs_push_value(L, &h->values[i]);
    lua_rawset(L, -3);
  }
  lua_call(L, 1, 1);
  rs_flatten(L, lua_gettop(L));
  return 0;
}

rs_outcome rs_lua_hand_over(rs_lua *rs, int reference, const rs_slice *names,
                            const rs_value *values, size_t count, int64_t instructions) {
  hand_over h = {reference, names, values, count};
  // Counted, whatever the calls are: nothing watches this thread here.
  bool counted = rs->limits.counted;
  rs->limits.counted = true;
  rs_outcome outcome = rs_protected(rs, call_with_values, &h, instructions);
  rs->limits.counted = counted;
  return outcome;
}
