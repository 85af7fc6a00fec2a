-- outcome: error: read-only
return function(call)
  call.user_data.vip = "no"
  return ANY
end
