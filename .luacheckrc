-- luacheck: what a strategy may use. `pointsman check` knows more: the site, and the arguments.
std = {
  read_globals = {
    -- the language (strategies/types/pointsman.d.lua)
    "dn", "agent", "queue", "ANY", "any", "trunk", "reject",
    "agents", "queues", "share", "table_lookup", "random", "local_time", "require",
    state = { read_only = false, other_fields = true },
    -- what is left of Lua's own library
    "assert", "error", "getmetatable", "ipairs", "next", "pairs", "pcall", "rawequal", "select",
    "setmetatable", "tonumber", "tostring", "type", "xpcall",
    math = {
      fields = {
        "abs", "ceil", "exp", "floor", "fmod", "huge", "log", "max", "maxinteger", "min",
        "mininteger", "modf", "pi", "random", "sqrt", "tointeger", "type", "ult",
      },
    },
    string = {
      fields = {
        "byte", "char", "find", "format", "gmatch", "gsub", "len", "lower", "match", "rep",
        "reverse", "sub", "upper",
      },
    },
    table = { fields = { "concat", "insert", "move", "pack", "remove", "sort", "unpack" } },
    utf8 = { fields = { "char", "charpattern", "codepoint", "len", "offset" } },
  },
}
max_line_length = 100
ignore = { "212/call" } -- a strategy need not look at its call

exclude_files = { ".build", "Sources", "Tests", "strategies/types", "Demo" }

files["**/*_test.lua"].read_globals = {
  "describe", "it", "before_each", "after_each", "world",
  assert = { other_fields = true },
}
