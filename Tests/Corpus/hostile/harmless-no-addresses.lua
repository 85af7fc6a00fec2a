-- outcome: target: ANY
return function(call)
  assert(not tostring({}):find("0x"))
  return ANY
end
