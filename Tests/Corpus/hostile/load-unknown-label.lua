-- outcome: rejected at load: no visible label
goto nowhere
return function(call) return ANY end
