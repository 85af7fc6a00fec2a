-- outcome: rejected at load: 'end' expected
return function(call) while true do return ANY end
