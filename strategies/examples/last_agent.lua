-- The agent who knows the caller, if he is free soon; otherwise anybody.
--
-- Who that is comes with the call (a CRM or a transfer attached `last_agent`), or else from
-- data/customers.csv.
local function agent_of(call)
  local known = call.user_data.last_agent
  if not known then
    local customer = table_lookup("customers", call.ani)
    known = customer and customer.agent
  end
  return known ~= "" and known or nil
end

return function(call)
  call:treat { music = "hold" }

  local known = agent_of(call)
  if known then
    -- Who is busy is worth ten seconds; for somebody who has left nobody needs to wait.
    local own, why = call:route(agent(known)) -- comes back only when it failed
    if why == "busy" then
      own, why = call:select(agent(known), { timeout = 10 })
      if own then own, why = call:route(own) end
    end
    call:note("agent " .. known .. ": " .. why)
  end

  local who = call:select(any { skills = "service > 0" }, { timeout = 60 })
  if not who then return queue "9000" end
  call:attach { last_agent = who.name } -- for the next time
  return who
end
