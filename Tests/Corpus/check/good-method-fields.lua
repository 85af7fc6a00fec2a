-- clean
return function(call)
  local call_count = 0
  local t = { select = function(_, x) return x end }
  call_count = call_count + t:select(1)
  if call_count == 1 and call.user_data.level == "1" then return ANY end
  return select("#", call) == 1 and ANY or nil
end
