-- outcome: error: returned a table
-- A list may hold queues only: a call waits in several, it does not ring in several.
return function(call)
  return { dn "7001", dn "7002" }
end
