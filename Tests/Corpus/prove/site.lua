---@type Site
-- The site of the wrong strategies: three people, one queue, a mailbox.
return {
  name = "wrong",
  sip = { listen = { "udp:127.0.0.1:5060" }, domain = "wrong.local", trusted = { "127.0.0.0/8" } },
  extensions = {
    ["7001"] = { contact = "sip:7001@127.0.0.1:5091" },
    ["7002"] = { contact = "sip:7002@127.0.0.1:5092" },
    ["7003"] = { contact = "sip:7003@127.0.0.1:5093" },
    ["7900"] = { contact = "sip:7900@127.0.0.1:5094" },
  },
  agents = {
    ["1001"] = { name = "Ana", skills = { sales = 7 }, extension = "7001", login = "auto" },
    ["1002"] = { name = "Bela", skills = { support = 5 }, extension = "7002", login = "auto" },
    ["1003"] = { name = "Csaba", skills = { sales = 4 }, extension = "7003", login = "auto" },
  },
  queues = {
    ["9000"] = { name = "support", agents = "support > 0", ring_timeout = 15, wrap_up = 5 },
  },
  routing_points = {
    ["8001"] = { strategy = "nil_index", default = { "queue:9000" } },
    ["8002"] = { strategy = "no_target", default = { "queue:9000" } },
    ["8003"] = { strategy = "dead_end", default = { "queue:9000" } },
    ["8004"] = { strategy = "retry", default = { "queue:9000" } },
    ["8005"] = { strategy = "no_timeout", default = { "queue:9000" } },
  },
}
