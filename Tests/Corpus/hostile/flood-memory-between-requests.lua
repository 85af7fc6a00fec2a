-- outcome: memory
return function(call)
  local t = {}
  while true do
    t = { t, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20 }
    for i = 1, 20 do t[i + 30] = { t, t, t, t, t, t, t, t } end
    call:note("x")
  end
  return ANY
end
