-- outcome: error: read-only
return function(call)
  agents.available = nil
  return ANY
end
