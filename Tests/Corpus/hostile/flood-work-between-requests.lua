-- outcome: instructions
-- Each step is small, but none of them waits.
return function(call)
  while true do
    for i = 1, 100000 do end
    call:note("x")
  end
  return ANY
end
