import Engine
import LuaBridge
import Testing

/// share, state, kept places, the hand-over: as scripts say it.
@Suite("The strategy language: what outlives a call")
struct KeepingLanguageTests {
  @Test("share, state and kept places become requests")
  func requests() throws {
    var bench = try Workbench(
      """
      return function(call)
        call:note(share { b = 30.5, a = 70 })
        call:note(tostring(share { 0, 2 } == 2))
        state.count = (state.count or 0) + 1
        state["a b"] = "text"
        state.half = 0.5
        state.open = false
        state.gone = nil
        call:note(tostring(call:keep_place("k", 90)))
        local taken, why = call:take_place("k")
        call:note(tostring(taken) .. " " .. why)
      end
      """
    )
    #expect(bench.run() == .finished(nil))
    #expect(bench.notes == ["b", "true", "true", "nil no_such_place"])
    let kept = bench.requests.filter { if case .note = $0 { false } else { true } }
    #expect(
      kept == [
        .share([SharePart("a", 70_000_000), SharePart("b", 30_500_000)]),
        .share([SharePart("1", 0), SharePart("2", 2_000_000)]),
        .state("count"), .setState("count", .integer(1)), .setState("a b", .text("text")),
        .setState("half", .number(bits: 0.5.bitPattern)), .setState("open", .boolean(false)),
        .setState("gone", nil), .keepPlace("k", .seconds(90)), .takePlace("k"),
      ]
    )
  }

  static let values: [(StateValue?, String)] = [
    (nil, "nil nil"), (.text("x"), "string x"), (.integer(-7), "number -7"),
    (.number(bits: 2.0.bitPattern), "number 2.0"), (.boolean(true), "boolean true"),
    (.boolean(false), "boolean false"), (.text(""), "string "),
  ]

  @Test("a value comes back as it was kept", arguments: values.indices)
  func readValues(index: Int) throws {
    var bench = try Workbench(
      "return function(call) call:note(type(state.k) .. \" \" .. tostring(state.k)) end"
    )
    bench.answer = { request in
      if case .state = request { return .value(Self.values[index].0) }
      return .done
    }
    #expect(bench.run() == .finished(nil))
    #expect(bench.notes == [Self.values[index].1])
  }

  @Test("state cannot be walked, called or replaced, and says what it is")
  func stateIsAnObject() throws {
    let seen = try notes(
      """
      call:note(type(state) .. " " .. tostring(getmetatable(state)))
      call:note(tostring(pcall(pairs, state)) .. tostring(pcall(state)))
      call:note(tostring(pcall(rawset or setmetatable, state, {})))
      call:note(tostring(select(2, pcall(table.sort, { 2, 1 }, function() return state.x end))))
      """
    )
    #expect(seen.first == "userdata nil")
    #expect(seen.dropFirst().first == "falsefalse")
    #expect(seen.last?.contains("nothing can be asked inside a function that sort") == true)
  }

  @Test("outside a call there is no state, no share and no now, but other instants")
  func outsideACall() throws {
    for text in ["local x = state.k", "state.k = 1", "share { a = 1 }"] {
      let problem = #expect(throws: LoadFailure.self) {
        _ = try Workbench.generation(["s.lua": "\(text)\nreturn function(call) end"])
      }
      #expect(
        problem?.description
          == "strategies/s.lua:1: only a call can ask for this, not a file that is loading"
      )
    }
    let problem = #expect(throws: LoadFailure.self) {
      _ = try Workbench.generation(["s.lua": "local_time(\"UTC\")\nreturn function(call) end"])
    }
    #expect(problem?.description.contains("no call is running, so there is no now") == true)
    var bench = try Workbench(
      "local day = local_time(\"UTC\", 0).date\nreturn function(call) call:note(day) end"
    )
    #expect(bench.run() == .finished(nil))
    #expect(bench.notes == ["1970-01-01"])
  }

  // MARK: Local time

  static let times: [(String, String)] = [
    // Friday, in winter and half an hour east of a full hour.
    ("\"Europe/London\"", "2025-11-21 5 325 00:00:00 0 GMT false"),
    ("\"Asia/Kolkata\"", "2025-11-21 5 325 05:30:00 19800 IST false"),
    ("\"America/New_York\"", "2025-11-20 4 324 19:00:00 -18000 EST false"),
    ("\"UTC\", call.now + 59.9", "2025-11-21 5 325 00:00:59 0 UTC false"),
    // The spring of 2026: the last second of winter time, the first of summer time.
    ("\"Europe/London\", 1774745999", "2026-03-29 7 88 00:59:59 0 GMT false"),
    ("\"Europe/London\", 1774746000", "2026-03-29 7 88 02:00:00 3600 BST true"),
    ("\"Europe/Berlin\", 1774746000", "2026-03-29 7 88 03:00:00 7200 CEST true"),
    // The autumn: the same hour twice.
    ("\"Europe/Berlin\", 1792886400", "2026-10-25 7 298 02:00:00 7200 CEST true"),
    ("\"Europe/Berlin\", 1792890000", "2026-10-25 7 298 02:00:00 3600 CET false"),
    ("\"UTC\", -0.5", "1969-12-31 3 365 23:59:59 0 UTC false"),
    ("\"UTC\", 951782400", "2000-02-29 2 60 00:00:00 0 UTC false"),
  ]

  @Test("local_time knows zones, summer time and leap days", arguments: times)
  func localTimes(arguments: String, expected: String) throws {
    let seen = try notes(
      """
      local t = local_time(\(arguments))
      call:note(("%s %d %d %02d:%02d:%02d %d %s %s"):format(t.date, t.wday, t.yday, t.hour,
        t.minute, t.second, t.offset, t.zone, tostring(t.is_dst)))
      call:note(t.date == ("%04d-%02d-%02d"):format(t.year, t.month, t.day))
      """.replacing("call:note(t.date ==", with: "assert(t.date ==")
    )
    #expect(seen == [expected])
  }

  @Test("a hundred zones in one step, over and over: the same answers")
  func manyZones() throws {
    let seen = try notes(
      """
      local names = {}
      for h = 1, 12 do names[#names + 1] = "Etc/GMT+" .. h names[#names + 1] = "Etc/GMT-" .. h end
      for _, c in ipairs { "London", "Paris", "Rome", "Madrid", "Vienna", "Oslo", "Athens", "Kyiv",
          "Dublin", "Lisbon", "Warsaw", "Prague", "Sofia", "Zurich", "Malta", "Monaco" } do
        names[#names + 1] = "Europe/" .. c
      end
      for _, c in ipairs { "Tokyo", "Seoul", "Dubai", "Kabul", "Dhaka", "Tehran", "Manila", "Baku",
          "Amman", "Aden", "Almaty", "Anadyr", "Aqtau", "Aqtobe", "Atyrau", "Baghdad", "Bahrain",
          "Bangkok", "Barnaul", "Beirut", "Bishkek", "Brunei", "Chita", "Colombo", "Damascus",
          "Dili", "Dushanbe", "Gaza", "Hebron", "Hovd" } do
        names[#names + 1] = "Asia/" .. c
      end
      local first
      for round = 1, 3 do
        local text = ""
        for _, name in ipairs(names) do text = text .. local_time(name).offset .. "," end
        first = first or text
        assert(first == text)
      end
      call:note(#names)
      """
    )
    #expect(seen == ["70"])
  }

  @Test(
    "a zone's name is no path and no rule",
    arguments: [
      "Europe", "leapseconds", "/UTC", "UTC/", "+01:00", "EST5EDT,M3.2.0,M11.1.0", ".", "Z\\0", "",
      "zone.tab", "UTC\\0x",
    ]
  )
  func wrongZones(name: String) throws {
    guard case .failed(.error(let text)) = try ending("local_time(\"\(name)\")") else {
      Issue.record("\(name) is a zone")
      return
    }
    #expect(text.contains("local_time"))
  }
}
