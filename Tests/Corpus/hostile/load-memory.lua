-- outcome: rejected at load: memory
local t = {}
for i = 1, 1024 do t[i] = ("x"):rep(262000) .. i end
return function(call) return ANY end
