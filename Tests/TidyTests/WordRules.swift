/// Words that may stand in some rooms only.
enum WordRules {
  /// C interfaces, known by their prefix, and the rooms that may speak them.
  static let prefixes: [(prefix: String, rooms: Set<String>)] = [
    ("lua_", ["CLua", "CLuaShim"]),
    ("luaL_", ["CLua", "CLuaShim"]),
    ("LUA_", ["CLua", "CLuaShim"]),
    ("osip_", ["COSIP", "COSIPShim", "SIPGlue"]),
    ("MSG_IS_", ["COSIP", "COSIPShim"]),
    ("json_", ["CJansson", "Wire"]),
    ("EVP_", ["CCrypto", "SIPGlue"]),
    ("pcap_", ["CPCAP", "Importers"]),
    ("epoll_", ["CLinux", "Reactor"]),
  ]

  /// What the engine may not say: clocks, chance, output, concurrency, floating point, and
  /// collections whose order differs from process to process.
  static let engineWords: Set<Substring> = [
    "Date", "ContinuousClock", "SuspendingClock", "DispatchTime", "print", "debugPrint", "dump",
    "randomElement", "shuffle", "shuffled", "SystemRandomNumberGenerator", "arc4random",
    "async", "await", "actor", "Task", "Double", "Float", "Float16", "Float80", "CGFloat",
    "hashValue", "ObjectIdentifier",
  ]

  /// Unordered collections: only the look-up without iteration may be built on one.
  static let unordered: Set<Substring> = ["Set", "Dictionary"]
  static let unorderedHome = "Sources/Engine/Storage/Lookup.swift"

  /// Everything below `Sources/`, and the benchmarks.
  static func foreignInterfaces(_ files: [SourceFile]) -> [Violation] {
    files.filter { $0.language == .swift || $0.language == .c }.flatMap { file -> [Violation] in
      guard file.path.hasPrefix("Sources/") || file.path.hasPrefix("Benchmarks/") else { return [] }
      let room = file.room ?? ""
      return file.words.flatMap { word, line in
        prefixes.filter { word.hasPrefix($0.prefix) && !$0.rooms.contains(room) }.map { rule in
          Violation(path: file.path, line: line, text: "\(word): not in \(rule.rooms.sorted())")
        }
      }
    }
  }

  static func engineImpurities(_ files: [SourceFile]) -> [Violation] {
    files.filter { $0.room == "Engine" && $0.language == .swift }.flatMap { file in
      file.words.compactMap { word, line -> Violation? in
        let unorderedHere = unordered.contains(word) && file.path != unorderedHome
        guard engineWords.contains(word) || unorderedHere else { return nil }
        return Violation(path: file.path, line: line, text: "the engine may not say \(word)")
      } + chance(file) + dictionaryTypes(file)
    }
  }

  /// Calls of `random(…)`: a case named `.random` is a word of the trade and may stand.
  private static func chance(_ file: SourceFile) -> [Violation] {
    file.code.matches(of: /random\s*\(\s*(?:in:|using:|\))/).map { match in
      let line = lineNumber(of: match.startIndex, in: file.code)
      return Violation(path: file.path, line: line, text: "the engine may not call random()")
    }
  }

  private static func dictionaryTypes(_ file: SourceFile) -> [Violation] {
    guard file.path != unorderedHome else { return [] }
    return file.code.matches(of: /\[\s*(?:[A-Z][\w.<>?]*\s*)?:/).map { match in
      let line = lineNumber(of: match.startIndex, in: file.code)
      return Violation(path: file.path, line: line, text: "a dictionary outside Lookup.swift")
    }
  }

  /// State that outlives its owner: file-level `var`, `static var` with storage, `shared`.
  static func globalState(_ files: [SourceFile]) -> [Violation] {
    let storedGlobal =
      /^(?:(?:public|package|internal|private|fileprivate|nonisolated\(unsafe\)) )*var \w+[^{]*$/
    let storedStatic = /^\s+(?:\w+ )*static var \w+[^{]*$/
    let singleton = /static (?:let|var) shared(?:\s|:)/
    return files.filter { $0.path.hasPrefix("Sources/") && $0.language == .swift }.flatMap { file in
      numbered(file.code).compactMap { line, number -> Violation? in
        guard
          line.firstMatch(of: storedGlobal) != nil || line.firstMatch(of: storedStatic) != nil
            || line.firstMatch(of: singleton) != nil
        else { return nil }
        return Violation(path: file.path, line: number, text: "state that belongs to nobody")
      }
    }
  }

  /// Tests go through the boundary; `package` access opens what must be opened.
  static func testableImports(_ files: [SourceFile]) -> [Violation] {
    files.filter { $0.language == .swift }.flatMap { file in
      file.words.filter { $0.word == "testable" }.map {
        Violation(path: file.path, line: $0.line, text: "white-box import")
      }
    }
  }

  /// Notes to oneself that were left behind, and paths of one developer's machine.
  static func leftovers(_ files: [SourceFile]) -> [Violation] {
    // Spelt in halves, or this file would find itself.
    let markers: Set<String> = ["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]
    let machines = ["/wo" + "rk/", "/ho" + "me/", "/ro" + "ot/", "/Us" + "ers/"]
    return files.flatMap { file in
      numbered(file.text).compactMap { line, number -> Violation? in
        let words = line.split { !$0.isLetter }.map(String.init)
        if let marker = words.first(where: markers.contains) {
          return Violation(path: file.path, line: number, text: "leftover marker \(marker)")
        }
        guard let machine = machines.first(where: line.contains) else { return nil }
        return Violation(path: file.path, line: number, text: "path of one machine: \(machine)…")
      }
    }
  }

  private static func numbered(_ text: String) -> [(Substring, Int)] {
    text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
      .map { ($0.element, $0.offset + 1) }
  }

  private static func lineNumber(of index: String.Index, in text: String) -> Int {
    text[..<index].count { $0 == "\n" } + 1
  }
}
