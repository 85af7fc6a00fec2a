-- outcome: instructions
return function(call)
  local function handler() return pcall(function() while true do end end) end
  while true do xpcall(error, handler) end
  return ANY
end
