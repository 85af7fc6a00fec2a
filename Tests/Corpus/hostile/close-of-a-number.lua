-- outcome: error: got a non-closable value
return function(call)
  local held <close> = 42
  return ANY
end
