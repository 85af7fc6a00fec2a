-- outcome: rejected at load: overflow
local t = @{5000*{}@{5000*}}
return function(call) return ANY end
