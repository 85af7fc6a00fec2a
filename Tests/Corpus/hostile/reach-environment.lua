-- outcome: error: no new globals
return function(call)
  local function f() _ENV = {} x = 1 end
  local x <const> = 1
  _ENV.y = 1
  return ANY
end
