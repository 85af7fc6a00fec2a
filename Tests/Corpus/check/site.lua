---@type Site
-- The site of the strategies beside it: some of them name things that are not here.
return {
  name = "corpus",
  sip = { listen = { "udp:127.0.0.1:5060" }, domain = "corpus.local" },
  extensions = { ["7001"] = { password = "x" }, ["7002"] = { password = "x" } },
  agents = {
    ["1001"] = { name = "Ana", skills = { sales = 7, english = 9 }, extension = "7001" },
    ["1002"] = { name = "Bela", skills = { support = 5 }, extension = "7002" },
    ["1003"] = { name = "Csaba", skills = { sales = 3, support = 8 } },
  },
  groups = { night = { agents = { "1002" } }, sellers = { skills = "sales >= 5" } },
  queues = {
    ["9000"] = { name = "support", agents = "support > 0" },
    ["9001"] = { name = "sales", agents = "sales > 0", limit = 5 },
  },
  virtual_queues = { ["9100"] = { name = "all" } },
  routing_points = {
    ["8000"] = { strategy = "good-plain", default = { "queue:9000" } },
    ["8001"] = { strategy = "good-vip", default = { "queue:9000" } },
  },
  trunks = { carrier = { uri = "sip:127.0.0.1:5070" } },
}
