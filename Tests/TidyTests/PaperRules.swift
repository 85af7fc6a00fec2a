/// What the papers promise and the files must keep.
enum PaperRules {
  /// Decision records that ARCHITECTURE.md does not link.
  static func unlinkedDecisions(_ files: [SourceFile]) -> [Violation] {
    let architecture = text(of: "ARCHITECTURE.md", in: files)
    return files.filter { $0.path.hasPrefix("docs/adr/") && !architecture.contains($0.path) }.map {
      Violation(path: $0.path, line: 1, text: "not linked from ARCHITECTURE.md")
    }
  }

  /// Rooms of the layer table that ARCHITECTURE.md does not describe.
  static func undescribedRooms(_ files: [SourceFile]) -> [Violation] {
    let architecture = text(of: "ARCHITECTURE.md", in: files)
    return (LayerRules.rooms.map(\.name) + LayerRules.cRooms.keys.sorted())
      .filter { !architecture.contains("`\($0)`") }
      .map { Violation(path: "ARCHITECTURE.md", line: 1, text: "says nothing of \($0)") }
  }

  static func changelogWithoutUnreleased(_ files: [SourceFile]) -> [Violation] {
    guard !text(of: "CHANGELOG.md", in: files).contains("## [Unreleased]") else { return [] }
    return [Violation(path: "CHANGELOG.md", line: 1, text: "no Unreleased section")]
  }

  /// `-dev` packages of Package.swift that `make setup` would not install.
  static func unlistedPackages(_ files: [SourceFile]) -> [Violation] {
    let manifest = text(of: "Package.swift", in: files)
    let listed = Set(
      text(of: "packages.txt", in: files).split(separator: "\n").compactMap {
        $0.prefix { $0 != "#" }.split(separator: " ").first
      }
    )
    return manifest.matches(of: /"([a-z0-9.+-]+-dev)"/).map(\.output.1)
      .filter { !listed.contains($0) }
      .map { Violation(path: "packages.txt", line: 1, text: "\($0) is missing") }
  }

  /// Targets that a paper tells people to make and the Makefile does not have.
  static func unknownTargets(_ files: [SourceFile]) -> [Violation] {
    let makefile = text(of: "Makefile", in: files)
    let targets = Set(makefile.matches(of: /(?m)^([a-z-]+):/).map(\.output.1))
    return files.filter { $0.path.hasSuffix(".md") && $0.path != "CHANGELOG.md" }.flatMap { file in
      // Only what stands as a command: in backticks or at the beginning of a line of a session.
      file.text.matches(of: /(?m)(?:`|^\s*\$ |^)make ([a-z-]+)/).map(\.output.1)
        .filter { !targets.contains($0) }
        .map { Violation(path: file.path, line: 1, text: "make \($0) does not exist") }
    }
  }

  /// The two commands a newcomer is shown.
  static func missingCommands(_ files: [SourceFile]) -> [Violation] {
    let readme = text(of: "README.md", in: files)
    return ["make run", "make test"].filter { !readme.contains($0) }.map {
      Violation(path: "README.md", line: 1, text: "does not show \($0)")
    }
  }

  /// Relative links of the papers that lead nowhere.
  static func deadLinks(
    _ files: [SourceFile],
    exists: (String) -> Bool = Project.exists
  ) -> [Violation] {
    files.filter { $0.path.hasSuffix(".md") }.flatMap { file -> [Violation] in
      let folder = file.path.split(separator: "/").dropLast()
      return file.text.matches(of: /\]\(([^)#\s]+)[^)]*\)/).map(\.output.1)
        .filter { !$0.contains("://") && !$0.hasPrefix("mailto:") }
        .filter { !exists(resolve(String($0), in: folder.map(String.init))) }
        .map { Violation(path: file.path, line: 1, text: "dead link \($0)") }
    }
  }

  private static func resolve(_ link: String, in folder: [String]) -> String {
    var parts = folder
    for part in link.split(separator: "/") {
      switch part {
      case ".": continue
      case "..": parts = parts.dropLast()
      default: parts.append(String(part))
      }
    }
    return parts.joined(separator: "/")
  }

  private static func text(of path: String, in files: [SourceFile]) -> String {
    files.first { $0.path == path }?.text ?? ""
  }
}
