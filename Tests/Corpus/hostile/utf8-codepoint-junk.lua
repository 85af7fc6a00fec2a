-- outcome: error: invalid UTF-8 code
return function(call)
  local x = utf8.codepoint("\xff")
  return ANY
end
