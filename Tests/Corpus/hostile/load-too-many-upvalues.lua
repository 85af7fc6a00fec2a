-- outcome: rejected at load: too many upvalues
local a1@{150*, a#}
return function(call)
  local b1@{150*, b#}
  return function()
    local n = 0
    @{150*n = n + a# }
    @{150*n = n + b# }
  end
end
