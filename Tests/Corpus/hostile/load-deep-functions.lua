-- outcome: rejected at load: overflow
local f = @{5000*function() return }1@{5000* end}
return function(call) return ANY end
