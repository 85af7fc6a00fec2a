-- The smallest strategy: any agent who is free, longest idle first.
return function(call) return ANY end
