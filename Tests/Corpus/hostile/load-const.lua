-- outcome: rejected at load: attempt to assign to const variable
local x <const> = 1
x = 2
return function(call) return ANY end
