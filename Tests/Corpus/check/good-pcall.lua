-- clean
return function(call)
  local ok, row = pcall(table_lookup, "vip", call.ani)
  if ok and row then return agent(row.agent) end
  return queue "9000"
end
