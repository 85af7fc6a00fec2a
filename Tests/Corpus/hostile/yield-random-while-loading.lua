-- outcome: rejected at load: only a call can ask for this
local picked = random(1, 6)
return function(call) return ANY end
