-- outcome: memory
return function(call)
  local t = {}
  while true do t = { t, t, t, t, t, t, t, t } end
  return ANY
end
