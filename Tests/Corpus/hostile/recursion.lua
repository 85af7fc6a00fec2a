-- outcome: memory
return function(call)
  local function f() return 1 + f() end
  f()
  return ANY
end
