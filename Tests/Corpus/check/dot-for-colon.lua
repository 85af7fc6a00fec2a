-- expect 3:8: error: 'route' is called with a colon: write call:route(...)
return function(call)
  call.route(agent "1001")
  return ANY
end
