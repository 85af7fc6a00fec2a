-- outcome: rejected at load: overflow
local n = 2@{5000* ^ 1}
return function(call) return ANY end
