-- clean
return {
  route = function(call)
    return call:select(ANY, { timeout = 3 }) or queue "9000"
  end,
}
