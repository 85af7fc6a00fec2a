-- The caller's language first; after twenty seconds anybody, for somebody is better than nobody.
local speakers = {
  english = any { skills = "service > 0 and english >= 3" },
  german = any { skills = "service > 0 and german >= 3" },
  hungarian = any { skills = "service > 0 and hungarian >= 3" },
}

-- What somebody probably speaks who calls from there; what he told a menu before counts more.
local countries = { ["+36"] = "hungarian", ["+43"] = "german", ["+49"] = "german" }

return function(call)
  local language = call.user_data.language or countries[call.ani:sub(1, 3)] or "english"
  call:attach { language = language } -- the agent sees which language to begin with
  call:treat { music = "hold" }

  local speaker = speakers[language]
  if speaker and agents.logged_in(speaker) > 0 then
    local who, why = call:select(speaker, { timeout = 20 })
    if who then who, why = call:route(who) end -- comes back only when it failed
    call:note(language .. ": " .. why)
  else
    -- It makes no sense to wait for somebody who is not here.
    call:note("nobody here speaks " .. language)
  end

  return any { skills = "service > 0" }
end
