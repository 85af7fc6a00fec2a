-- clean
local function note(call, text) call:note(text) end

return function(call)
  local notes = { function(c) note(c, "first") end }
  notes[1](call)
  return ANY
end
