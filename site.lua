---@type Site
-- The sample site: what `make run` serves. Your own: `pointsman serve --site FILE`.
return {
  name = "demo",
  sip = {
    listen  = { "udp:127.0.0.1:5060" },
    domain  = "demo.local",                 -- realm of digest authentication, host of our From
    trusted = { "127.0.0.0/8" },            -- peers that may send calls without digest
  },
  extensions = {
    -- registers; "env:NAME" or "file:PATH" keep secrets out of the file
    ["7001"] = { password = "demo" },
    -- fixed addresses, no registration
    ["7002"] = { contact = "sip:7002@127.0.0.1:5090" },
    ["7003"] = { contact = "sip:7003@127.0.0.1:5091" },
    ["7004"] = { contact = "sip:7004@127.0.0.1:5092" },
    ["7005"] = { contact = "sip:7005@127.0.0.1:5093" },
    ["7006"] = { contact = "sip:7006@127.0.0.1:5094" },
    ["7007"] = { contact = "sip:7007@127.0.0.1:5095" },
  },
  agents = {
    ["1001"] = { name = "Ana", skills = { sales = 7, english = 9 } },
    ["1002"] = { name = "Bela", skills = { support = 5 }, extension = "7002", login = "auto" },
    ["1003"] = {
      name = "Csaba", skills = { sales = 6, english = 8 },
      extension = "7003", login = "auto",
    },
    ["1004"] = {
      name = "Dora", skills = { sales = 3, support = 4 },
      extension = "7004", login = "auto",
    },
    ["1005"] = { name = "Emil", skills = { support = 8 }, extension = "7005", login = "auto" },
    ["1006"] = {
      name = "Flora", skills = { support = 6, english = 7 },
      extension = "7006", login = "auto",
    },
    ["1007"] = {
      name = "Gergely", skills = { sales = 9, english = 5 },
      extension = "7007", login = "auto",
    },
  },
  queues = {
    ["9000"] = { name = "support", agents = "support > 0", ring_timeout = 15, wrap_up = 5 },
  },
  routing_points = {
    ["8000"] = {
      strategy = "sales", timeout = 30, default = { "queue:9000", "dn:7002" },
      divert = "bridge",                    -- or "redirect": then the call leaves our sight
    },
    ["8001"] = { strategy = "any", timeout = 30, default = { "queue:9000" }, divert = "bridge" },
  },
  trunks = { carrier = { uri = "sip:127.0.0.1:5070", numbers = { "+4420*" } } },
}
