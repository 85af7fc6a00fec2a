-- outcome: rejected at load: a strategy returns a function
local function route(call) return ANY end
