-- outcome: rejected at load: instruction budget exceeded
while true do end
return function(call) return ANY end
