-- outcome: rejected at load: boom
error("boom")
return function(call) return ANY end
