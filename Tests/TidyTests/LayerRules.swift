/// The layer table of ARCHITECTURE.md as data, and what follows from it.
enum LayerRules {
  struct Room {
    let name: String
    let layer: Int
    /// Modules from outside the project that the room may import.
    let system: Set<String>
  }

  static let rooms: [Room] = [
    Room(name: "Engine", layer: 0, system: []),
    Room(name: "Wire", layer: 1, system: ["Glibc"]),
    Room(name: "Reactor", layer: 1, system: ["Glibc"]),
    Room(name: "LuaBridge", layer: 2, system: ["Glibc"]),
    Room(name: "SIPGlue", layer: 2, system: ["Glibc"]),
    Room(name: "Journal", layer: 2, system: []),
    Room(name: "Simulator", layer: 2, system: []),
    Room(name: "Workbench", layer: 3, system: []),
    Room(name: "Importers", layer: 3, system: ["Glibc"]),
    Room(name: "Service", layer: 4, system: ["Glibc", "Foundation"]),
    Room(name: "CLI", layer: 5, system: ["Glibc", "Foundation"]),
  ]

  /// C rooms lie on layer 0; each opens only to the rooms named here.
  static let cRooms: [String: Set<String>] = [
    "CLua": ["CLuaShim"],
    "CGLib": ["CLuaShim"],
    "CLuaShim": ["LuaBridge"],
    "COSIP": ["COSIPShim", "SIPGlue"],
    "COSIPShim": ["SIPGlue"],
    "CCrypto": ["SIPGlue"],
    "CJansson": ["Wire"],
    "CSQLite": ["Journal"],
    "CPCAP": ["Importers"],
    "CLinux": ["Reactor", "Service"],
  ]

  /// Folders below `Sources/` that the table does not know.
  static func unknownRooms(_ files: [SourceFile]) -> [Violation] {
    let known = Set(rooms.map(\.name)).union(cRooms.keys)
    return files.compactMap { file in
      guard let room = file.room, !known.contains(room) else { return nil }
      return Violation(path: file.path, line: 1, text: "\(room) is not in the layer table")
    }
  }

  /// Imports that the table does not allow.
  static func forbiddenImports(_ files: [SourceFile]) -> [Violation] {
    files.filter { $0.language == .swift }.flatMap { file -> [Violation] in
      guard let room = rooms.first(where: { $0.name == file.room }) else { return [] }
      return imports(of: file).compactMap { module, line in
        guard !mayImport(room, module) else { return nil }
        return Violation(path: file.path, line: line, text: "\(room.name) may not import \(module)")
      }
    }
  }

  /// Rooms of the same layer that a room mentions in its code: peers are blind to each other.
  static func namedPeers(_ files: [SourceFile]) -> [Violation] {
    files.filter { $0.language == .swift }.flatMap { file -> [Violation] in
      guard let room = rooms.first(where: { $0.name == file.room }) else { return [] }
      let peers = rooms.filter { $0.layer == room.layer && $0.name != room.name }.map(\.name)
      return file.words.filter { peers.contains(String($0.word)) }.map {
        Violation(path: file.path, line: $0.line, text: "\(room.name) names its peer \($0.word)")
      }
    }
  }

  /// The modules a file imports.
  ///
  /// `import` is a reserved word: wherever it stands in code, it imports, whatever attributes or
  /// access levels stand before it.
  static func imports(of file: SourceFile) -> [(module: String, line: Int)] {
    let kinds: Set<Substring> = [
      "struct", "class", "enum", "protocol", "typealias", "func", "let", "var", "actor",
    ]
    let words = file.words
    return words.indices.compactMap { index in
      guard words[index].word == "import" else { return nil }
      let module = words[(index + 1)...].first { !kinds.contains($0.word) }
      return (module.map { String($0.word) } ?? "nothing", words[index].line)
    }
  }

  private static func mayImport(_ room: Room, _ module: String) -> Bool {
    if room.system.contains(module) { return true }
    if let owners = cRooms[module] { return owners.contains(room.name) }
    guard let other = rooms.first(where: { $0.name == module }) else { return false }
    return other.layer < room.layer
  }
}
