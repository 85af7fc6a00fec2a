-- Wrong: a phone that is busy stays busy however often one asks.
return function(call)
  while true do
    call:route(dn "7001")
    call:note("busy, once more")
  end
end
