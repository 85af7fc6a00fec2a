-- outcome: rejected at load: overflow
local s = "a"@{5000* .. "a"}
return function(call) return ANY end
