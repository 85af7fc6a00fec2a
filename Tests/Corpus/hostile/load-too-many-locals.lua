-- outcome: rejected at load: too many local variables
local a1@{250*, a#}
return function(call) return ANY end
