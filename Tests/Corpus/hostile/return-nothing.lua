-- outcome: target: none
return function(call) end
