// Which lines of scripts ran, and where scripts made their targets.
//
// The count hook and the line hook share one slot: `hook` in interpreter.c gets both and hands
// lines over. While coverage is off nothing here runs.
// Invariant: `last_file` and `last_line` name the line of a script that ran last; the prelude's own
// lines do not count.

#include "internal.h"

#include <stdlib.h>

#define LINES_MAX 1000000

void rs_lua_cover(rs_lua *rs) { rs->coverage.on = true; }

void rs_coverage_free(rs_lua *rs) {
  for (size_t i = 0; i < rs->coverage.count; i++) {
    free(rs->coverage.files[i].name);
    free(rs->coverage.files[i].hits);
  }
  free(rs->coverage.files);
}

// The index, from 1, of a source; 0 when there is no memory.
static int file_of(rs_coverage *coverage, const char *name) {
  int last = coverage->last_file;
  if (last > 0 && strcmp(coverage->files[last - 1].name, name) == 0) return last;
  for (size_t i = 0; i < coverage->count; i++) {
    if (strcmp(coverage->files[i].name, name) == 0) return (int)i + 1;
  }
  rs_covered *files = realloc(coverage->files, (coverage->count + 1) * sizeof *files);
  if (files == NULL) return 0;
  coverage->files = files;
  rs_covered added = {malloc(strlen(name) + 1), NULL, 0};
  if (added.name == NULL) return 0;
  memcpy(added.name, name, strlen(name) + 1);
  files[coverage->count++] = added;
  return (int)coverage->count;
}

static void count(rs_covered *file, size_t line) {
  if (line >= file->capacity) {
    size_t capacity = line * 2 + 64;
    uint32_t *hits = realloc(file->hits, capacity * sizeof *hits);
    if (hits == NULL) return;
    memset(hits + file->capacity, 0, (capacity - file->capacity) * sizeof *hits);
    file->hits = hits;
    file->capacity = capacity;
  }
  if (file->hits[line] < UINT32_MAX) file->hits[line] += 1;
}

void rs_cover_line(lua_State *L, lua_Debug *ar) {
  rs_coverage *coverage = &rs_of(L)->coverage;
  lua_getinfo(L, "Sl", ar);
  if (ar->source[0] != '@' || ar->currentline <= 0 || ar->currentline > LINES_MAX) return;
  int file = file_of(coverage, ar->source + 1);
  if (file == 0) return;
  coverage->last_file = file;
  coverage->last_line = ar->currentline;
  count(&coverage->files[file - 1], (size_t)ar->currentline);
}

// The function of the prelude that makes a target was called by a script: at its current line, or,
// where that was a tail call and its frame is gone, at the line that ran last.
void rs_cover_target(lua_State *L, rs_target *target) {
  rs_coverage *coverage = &rs_of(L)->coverage;
  lua_Debug ar;
  for (int level = 1; lua_getstack(L, level, &ar) != 0; level++) {
    lua_getinfo(L, "Slt", &ar);
    if (ar.source[0] == '@') {
      target->origin_file = file_of(coverage, ar.source + 1);
      target->origin_line = ar.currentline;
      return;
    }
    if (ar.istailcall) break;
  }
  target->origin_file = coverage->last_file;
  target->origin_line = coverage->last_line;
}

size_t rs_lua_covered_count(const rs_lua *rs) { return rs->coverage.count; }

rs_slice rs_lua_covered_name(const rs_lua *rs, size_t index) {
  rs_slice name = {rs->coverage.files[index].name, strlen(rs->coverage.files[index].name)};
  return name;
}

const uint32_t *rs_lua_covered_lines(const rs_lua *rs, size_t index, size_t *count) {
  *count = rs->coverage.files[index].capacity;
  return rs->coverage.files[index].hits;
}

int rs_lua_last_line(const rs_lua *rs, int *line) {
  *line = rs->coverage.last_line;
  return rs->coverage.last_file - 1;
}

int rs_target_origin(const rs_target *target, int *line) {
  *line = target->origin_line;
  return target->origin_file - 1;
}
