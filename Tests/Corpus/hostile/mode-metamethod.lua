-- outcome: error: __mode
return function(call)
  setmetatable({}, { __mode = "k" })
  return ANY
end
