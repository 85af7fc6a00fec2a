-- outcome: rejected at load: 'then' expected
return function(call) if call.ani return ANY end end
