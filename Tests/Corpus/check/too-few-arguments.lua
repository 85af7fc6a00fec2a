-- expect 3:10: error: trunk expects a number to dial
return function(call)
  return trunk "carrier"
end
