-- clean
return function(call)
  local known = table_lookup("vip", call.ani)
  if not known then return ANY end
  call:priority(known.level // 1)
  local own, why = call:select(agent(known.agent), { timeout = 5 })
  if own then call:route(own) end
  return queue "9000"
end
