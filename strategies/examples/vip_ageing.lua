-- Customers come first, but nobody waits for ever: waiting counts as well.
--
-- The site file says `priority_aging = 30`: thirty seconds of waiting are worth one point. Level
-- 10 is therefore a head start of five minutes, and not a right to pass everybody always.
return function(call)
  local customer = table_lookup("customers", call.ani)
  if customer then
    -- Values of a CSV file are texts; a level that is no whole number must cost nobody the call.
    call:priority(tonumber(customer.level, 10) or 0)
    call:attach { customer = customer.customer }
  end

  -- The call waits here and not in a queue: priority has no meaning in a queue.
  call:treat { music = "hold" }
  return any { skills = "service > 0" }
end
