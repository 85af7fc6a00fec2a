-- Callers of strategies/data/vip.csv come first, and reach their own agent when he is free.
return function(call)
  local known = table_lookup("vip", call.ani)
  if not known then return ANY end

  call:priority(known.level // 1)
  call:attach { customer = known.customer }

  local own = call:select(agent(known.agent), { timeout = 5 })
  if own then
    call:route(own)
    call:note("his own agent did not take the call")
  end
  return ANY
end
