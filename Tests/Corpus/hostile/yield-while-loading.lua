-- outcome: rejected at load: only a call can ask for this
local waiting = queues["9000"].waiting
return function(call) return ANY end
