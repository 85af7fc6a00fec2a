-- expect 3:19: error: unknown table "vips", did you mean "vip"?
return function(call)
  if table_lookup("vips", call.ani) then return ANY end
  return queue "9000"
end
