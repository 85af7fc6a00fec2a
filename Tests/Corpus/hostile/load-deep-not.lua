-- outcome: rejected at load: overflow
local b = @{5000*not }true
return function(call) return ANY end
