-- expect 3:16: error: unknown trunk "carier", did you mean "carrier"?
return function(call)
  return trunk("carier", "+4420")
end
