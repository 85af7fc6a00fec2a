-- expect 3:16: error: nobody can serve queue "9002": no agent of the site satisfies "french > 5"
return function(call)
  return queue "9002"
end
