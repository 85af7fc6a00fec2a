-- outcome: error: �
return function(call)
  error("\xff\0\xfe", 0)
  return ANY
end
