// Local time, by the system's zoneinfo through GLib: C that calls C, deterministic for an instant
// and a zone (and a version of tzdata).
//
// A zone is read from the disk when it is first asked for and then kept, by its interpreter. Names
// are those of zoneinfo: no paths, no rules written out in the name, nothing of the environment.

#include "internal.h"

#include <glib.h>
#include <stdlib.h>

#define ZONES_MAX 64    // zones kept by one interpreter; further ones are read anew
#define NAME_BYTES 64   // the longest name in zoneinfo has 32 bytes
#define COMPUTING 200   // what a local time costs of a step's instructions
#define READING 5000    // and a zone that is not kept

struct rs_zone {
  char name[NAME_BYTES];
  GTimeZone *zone;
};

// A name such as `Europe/London`, `Etc/GMT+5`, `UTC`: only then is it looked up.
static bool is_zone_name(const char *text, size_t count) {
  if (count == 0 || count >= NAME_BYTES || text[0] == '/' || text[count - 1] == '/') return false;
  bool letter = false;
  for (size_t i = 0; i < count; i++) {
    char c = text[i];
    bool alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!alpha && !(c >= '0' && c <= '9') && strchr("_/+-", c) == NULL) return false;
    if (c == 0) return false;
    if (i == 0 && !alpha) return false;
    letter = letter || alpha;
  }
  return letter;
}

// GLib also understands rules such as `EST5EDT,M3.2.0`; without a comma such a name is a file of
// zoneinfo too. What has digits but no file would be read as a rule: the file must be there.
static bool has_file(const char *name) {
  if (strcmp(name, "UTC") == 0) return true;
  char *path = g_build_filename("/usr/share/zoneinfo", name, NULL);
  bool found = g_file_test(path, G_FILE_TEST_IS_REGULAR);
  g_free(path);
  return found;
}

bool rs_zone_exists(rs_slice name) {
  if (!is_zone_name(name.bytes, name.count)) return false;
  char text[NAME_BYTES] = {0};
  memcpy(text, name.bytes, name.count);
  return has_file(text);
}

// The zone of that name, owned by the interpreter or, with `*kept` false, by the caller.
static GTimeZone *find(lua_State *L, const char *name, bool *kept) {
  rs_lua *rs = rs_of(L);
  *kept = true;
  for (int i = 0; i < rs->zone_count; i++) {
    if (strcmp(rs->zones[i].name, name) == 0) return rs->zones[i].zone;
  }
  rs_charge(L, READING);
  if (!has_file(name)) return NULL;
  GTimeZone *zone = g_time_zone_new_identifier(name);
  if (zone == NULL) return NULL;
  if (rs->zones == NULL) rs->zones = calloc(ZONES_MAX, sizeof *rs->zones);
  *kept = rs->zones != NULL && rs->zone_count < ZONES_MAX;
  if (*kept) {
    struct rs_zone *entry = &rs->zones[rs->zone_count++];
    strncpy(entry->name, name, NAME_BYTES - 1);
    entry->zone = zone;
  }
  return zone;
}

void rs_zones_free(rs_lua *rs) {
  for (int i = 0; i < rs->zone_count; i++) g_time_zone_unref(rs->zones[i].zone);
  free(rs->zones);
}

typedef struct {
  int year, month, day, hour, minute, wday, yday, offset;
  double second;
  bool is_dst;
  char zone[32];
} local;

// Seconds of the years 1 to 9999, which GDateTime knows; a day less for the offset.
#define SECONDS_MIN (-62135510400LL)
#define SECONDS_MAX 253402214400LL

static bool compute(lua_State *L, const char *name, int64_t seconds, local *result) {
  bool kept;
  GTimeZone *zone = find(L, name, &kept);
  if (zone == NULL) return false;
  GDateTime *utc = g_date_time_new_from_unix_utc(seconds);
  GDateTime *time = utc == NULL ? NULL : g_date_time_to_timezone(utc, zone);
  if (time != NULL) {
    g_date_time_get_ymd(time, &result->year, &result->month, &result->day);
    result->hour = g_date_time_get_hour(time);
    result->minute = g_date_time_get_minute(time);
    result->second = g_date_time_get_second(time);
    result->wday = g_date_time_get_day_of_week(time);
    result->yday = g_date_time_get_day_of_year(time);
    result->offset = (int)(g_date_time_get_utc_offset(time) / G_USEC_PER_SEC);
    result->is_dst = g_date_time_is_daylight_savings(time);
    const char *abbreviation = g_date_time_get_timezone_abbreviation(time);
    strncpy(result->zone, abbreviation, sizeof result->zone - 1);
    g_date_time_unref(time);
  }
  if (utc != NULL) g_date_time_unref(utc);
  if (!kept) g_time_zone_unref(zone);
  return time != NULL;
}

static void set_integer(lua_State *L, const char *name, lua_Integer value) {
  lua_pushinteger(L, value);
  lua_setfield(L, -2, name);
}

// core.local_time(zone, instant or nil): the table; or nil and the name of what is wrong: "call"
// (nothing runs, so there is no now), "instant" (not in the years 1 to 9999), "zone".
int rs_local_time(lua_State *L) {
  rs_lua *rs = rs_of(L);
  size_t count;
  const char *name = luaL_checklstring(L, 1, &count);
  double instant = 0;
  const char *problem = NULL;
  if (lua_type(L, 2) == LUA_TNUMBER) {
    instant = lua_tonumber(L, 2);
  } else if (rs->current != NULL) {
    instant = (double)rs->current->numbers[RS_FACT_NOW] / 1e9;
  } else {
    problem = "call";
  }
  local result = {0};
  if (problem == NULL && !(instant >= SECONDS_MIN && instant <= SECONDS_MAX)) problem = "instant";
  rs_charge(L, COMPUTING);
  if (problem == NULL) {
    int64_t seconds = (int64_t)instant;
    if ((double)seconds > instant) seconds -= 1;
    if (!is_zone_name(name, count) || !compute(L, name, seconds, &result)) problem = "zone";
  }
  if (problem != NULL) {
    lua_pushnil(L);
    lua_pushstring(L, problem);
    return 2;
  }
  lua_createtable(L, 0, 12);
  set_integer(L, "year", result.year);
  set_integer(L, "month", result.month);
  set_integer(L, "day", result.day);
  set_integer(L, "hour", result.hour);
  set_integer(L, "minute", result.minute);
  set_integer(L, "second", (lua_Integer)result.second);
  set_integer(L, "wday", result.wday);
  set_integer(L, "yday", result.yday);
  set_integer(L, "offset", result.offset);
  lua_pushstring(L, result.zone);
  lua_setfield(L, -2, "zone");
  lua_pushboolean(L, result.is_dst);
  lua_setfield(L, -2, "is_dst");
  char date[32];
  g_snprintf(date, sizeof date, "%04d-%02d-%02d", result.year, result.month, result.day);
  lua_pushstring(L, date);
  lua_setfield(L, -2, "date");
  return 1;
}
