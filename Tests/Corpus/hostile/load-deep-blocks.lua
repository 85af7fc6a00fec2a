-- outcome: rejected at load: overflow
return function(call)
  @{5000*do }@{5000* end}
  return ANY
end
