-- expect 3:25: error: "sales > 5 and sales < 3" holds for nobody, whatever his skills
return function(call)
  return any { skills = "sales > 5 and sales < 3" }
end
