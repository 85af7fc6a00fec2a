-- outcome: error: no module
return function(call)
  local function f() return require("lib." .. ("x"):rep(200)) end
  f()
  return ANY
end
