-- clean
return function(call)
  for _, id in ipairs { "1001", "1002" } do
    local one = agent(id)
    if call:select(one, { timeout = 5 }) then
      call:route(one)
      call:exclude(one)
    end
  end
  if call.attempts > 2 then
    call:exclude(agent "1001")
  else
    local own = call:select(agent "1001", { timeout = 0 })
    if own then return own end
  end
  return queue "9001"
end
