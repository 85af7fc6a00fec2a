-- Who may serve whom: type 0 goes to group 0, type 1 to group 0 and else to group 1, type 2 to
-- group 1. Who waits longest comes first when somebody becomes free.
local targets = {
  ["0"] = { any { group = "group0" } },
  ["1"] = { any { group = "group0" }, any { group = "group1" } },
  ["2"] = { any { group = "group1" } },
}

return function(call)
  local agent = call:select(targets[call.user_data.kind], { by = "priority_list" })
  if agent then call:route(agent) end
end
