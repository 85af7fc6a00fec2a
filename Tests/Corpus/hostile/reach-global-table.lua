-- outcome: error: _G
return function(call)
  local x = _G.string
  return ANY
end
