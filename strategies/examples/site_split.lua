-- Calls are split between sites by percentages that hold exactly, not only on average.
--
-- A site without anybody logged in takes no part: the others share its calls in proportion.
-- The partner is always there, so there is always somewhere to go.
local parts = { vienna = 60, graz = 30, partner = 10 }

local targets = {
  vienna = queue "9001",
  graz = queue "9002",
  partner = trunk("partner", "+43720880100"),
}

return function(call)
  local open = { partner = parts.partner }
  for _, site in ipairs { "vienna", "graz" } do
    if agents.logged_in { group = site } > 0 then
      open[site] = parts[site]
    else
      call:note("nobody in " .. site)
    end
  end
  return targets[share(open)]
end
