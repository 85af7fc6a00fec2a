-- outcome: target: ANY
return function(call)@{20000*
}
  return ANY
end
