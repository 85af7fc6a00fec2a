---@type Site
-- The site of the examples: a service in Vienna and Graz, and a partner outside.
-- A strategy that you copy needs the numbers, groups and skills that it names in your own site.
return {
  name = "examples",
  sip = {
    listen  = { "udp:127.0.0.1:5060" },
    domain  = "examples.local",
    trusted = { "127.0.0.0/8" },
  },
  -- Thirty seconds of waiting are worth one point of priority: see vip_ageing.lua.
  priority_aging = 30,
  extensions = {
    ["7001"] = { contact = "sip:7001@127.0.0.1:5101" },
    ["7002"] = { contact = "sip:7002@127.0.0.1:5102" },
    ["7003"] = { contact = "sip:7003@127.0.0.1:5103" },
    ["7004"] = { contact = "sip:7004@127.0.0.1:5104" },
    ["7005"] = { contact = "sip:7005@127.0.0.1:5105" },
    ["7006"] = { contact = "sip:7006@127.0.0.1:5106" },
    voicemail = { contact = "sip:voicemail@127.0.0.1:5110" },
  },
  agents = {
    ["1001"] = {
      name = "Anna", skills = { sales = 9, english = 8 },
      extension = "7001", login = "auto",
    },
    ["1002"] = {
      name = "Bela", skills = { sales = 6, english = 3, hungarian = 9 },
      extension = "7002", login = "auto",
    },
    ["1003"] = {
      name = "Clara", skills = { sales = 2, service = 4, german = 9 },
      extension = "7003", login = "auto",
    },
    ["1004"] = {
      name = "David", skills = { service = 8, english = 9 },
      extension = "7004", login = "auto",
    },
    ["1005"] = {
      name = "Eszter", skills = { service = 7, hungarian = 9, german = 2 },
      extension = "7005", login = "auto",
    },
    ["1006"] = {
      name = "Franz", skills = { service = 5, german = 8 },
      extension = "7006", login = "auto",
    },
  },
  groups = {
    vienna = { agents = { "1003", "1004" } },
    graz   = { agents = { "1005", "1006" } },
  },
  queues = {
    ["9000"] = { name = "everybody", agents = "sales > 0 or service > 0", ring_timeout = 15 },
    ["9001"] = { name = "vienna", agents = "group(vienna)", ring_timeout = 15 },
    ["9002"] = { name = "graz", agents = "group(graz)", ring_timeout = 15 },
  },
  routing_points = {
    ["8001"] = { strategy = "relaxing_skills", timeout = 120, default = { "queue:9000" } },
    ["8002"] = { strategy = "language", timeout = 120, default = { "queue:9000" } },
    ["8003"] = { strategy = "vip_ageing", timeout = 900, default = { "queue:9000" } },
    ["8004"] = { strategy = "last_agent", timeout = 120, default = { "queue:9000" } },
    ["8005"] = { strategy = "site_split", timeout = 30, default = { "queue:9000" } },
    ["8006"] = { strategy = "opening_hours", timeout = 30, default = { "queue:9000" } },
    ["8016"] = { strategy = "opening_hours", timeout = 30, default = { "queue:9000" } },
    ["8007"] = { strategy = "overflow", timeout = 30, default = { "queue:9000" } },
    ["8008"] = { strategy = "callback", timeout = 60, default = { "queue:9000" } },
    ["8009"] = { strategy = "test_callers", timeout = 120, default = { "queue:9000" } },
    ["8010"] = { strategy = "emergency", timeout = 120, default = { "queue:9000" } },
  },
  trunks = { partner = { uri = "sip:127.0.0.1:5070", numbers = { "+43720*" } } },
}
