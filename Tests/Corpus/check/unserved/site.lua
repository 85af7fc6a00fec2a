-- expect 7:27: error: nobody can serve queue 9002: no agent satisfies "french > 5"
return {
  name = "unserved",
  sip = { listen = { "udp:127.0.0.1:5060" } },
  extensions = { ["7001"] = { password = "x" } },
  agents = { ["1001"] = { name = "Ana", skills = { french = 5 } } },
  queues = { ["9002"] = { agents = "french > 5" } },
  routing_points = { ["8000"] = { strategy = "use", default = { "dn:7001" } } },
}
