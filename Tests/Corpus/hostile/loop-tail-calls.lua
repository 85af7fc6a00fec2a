-- outcome: instructions
return function(call)
  local function f() return f() end
  f()
  return ANY
end
