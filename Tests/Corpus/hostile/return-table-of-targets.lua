-- outcome: error: element 1 is a queue
-- A list is tried one after the other; what waits has nothing after it.
return function(call)
  return { queue "9000", dn "7001" }
end
