-- outcome: target: ANY
return function(call)
  local a1@{198*, a#}
  return ANY
end
