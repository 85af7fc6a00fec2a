-- outcome: error: 1
return function(call)
  local function nest(n)
    if n == 0 then error("0", 0) end
    local t = setmetatable({}, {})
    getmetatable(t).__close = function() error(tostring(n), 0) end
    local held <close> = t
    nest(n - 1)
    return n
  end
  local ok, why = pcall(nest, 60)
  assert(why == "60", why)
  error("1", 0)
  return ANY
end
