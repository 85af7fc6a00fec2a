-- outcome: target: reject 486
return function(call)
  return reject(486)
end
