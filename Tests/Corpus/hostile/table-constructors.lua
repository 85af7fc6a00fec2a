-- outcome: instructions
return function(call)
  local function f(n, ...)
    if n == 0 then while true do local t = { ... } end end
    return f(n - 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, ...)
  end
  f(200)
  return ANY
end
