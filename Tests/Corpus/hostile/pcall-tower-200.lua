-- outcome: instructions
return function(call)
  local function tower(n)
    if n == 0 then while true do end end
    while true do pcall(tower, n - 1) end
  end
  tower(150)
  return ANY
end
