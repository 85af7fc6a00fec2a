-- outcome: error: field 'codes'
return function(call)
  for _ in utf8.codes("\xff") do end
  return ANY
end
