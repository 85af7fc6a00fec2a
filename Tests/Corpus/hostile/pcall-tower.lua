-- outcome: instructions
return function(call)
  local function f() return pcall(f) end
  while true do f() end
  return ANY
end
