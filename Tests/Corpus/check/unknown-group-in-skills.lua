-- expect 3:42: error: unknown agent group "seller", did you mean "sellers"?
return function(call)
  return any { skills = "sales and group(seller)" }
end
