-- outcome: instructions
return function(call)
  local t = setmetatable({}, { __len = function() while true do end end })
  local n = #t
  return ANY
end
