-- expect 3:9: warning: unused local 'wanted'
return function(call)
  local wanted = any { skills = "sales > 2" }
  return any { skills = "sales > 5" }
end
