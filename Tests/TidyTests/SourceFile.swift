import Foundation

/// One text file of the project, by its path below the package root.
struct SourceFile: Sendable {
  enum Language: Sendable {
    case swift, c, lua, other
  }

  let path: String
  let text: String
  let lines: [Substring]
  /// The text with comments and string literals blanked, lines kept: what the compiler obeys.
  let code: String

  init(path: String, text: String) {
    self.path = path
    self.text = text
    lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    code = Self.language(of: path).map { CodeStripper.strip(text, language: $0) } ?? text
  }

  var language: Language { Self.language(of: path) ?? .other }

  /// The Swift or C room below `Sources/`, if the file lies in one.
  var room: String? {
    let parts = path.split(separator: "/")
    guard parts.count >= 3, parts[0] == "Sources" else { return nil }
    return String(parts[1])
  }

  /// The identifiers and keywords of the code with the lines (from 1) where they stand.
  var words: [(word: Substring, line: Int)] {
    var result: [(Substring, Int)] = []
    for (index, line) in code.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      for word in line.split(whereSeparator: { !$0.isLetter && !$0.isNumber && $0 != "_" })
      where !(word.first?.isNumber ?? true) {
        result.append((word, index + 1))
      }
    }
    return result
  }

  private static func language(of path: String) -> Language? {
    switch path.split(separator: ".").last {
    case "swift": .swift
    case "c", "h": .c
    case "lua": .lua
    default: nil
    }
  }
}

/// A rule that a file breaks.
struct Violation: Equatable, CustomStringConvertible {
  let path: String
  let line: Int
  let text: String

  var description: String { "\(path):\(line): \(text)" }
}

/// The files of the project on disk.
enum Project {
  /// The folder of `Package.swift`, found from where this file was compiled.
  static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private static let skippedFolders: Set<String> = [".build", ".git", "var", "node_modules"]
  private static let textExtensions: Set<String> = [
    "swift", "c", "h", "lua", "md", "txt", "xml", "csv", "json", "yml", "modulemap", "sh",
  ]
  private static let textNames: Set<String> = [
    "Makefile", ".swift-format", ".editorconfig", ".gitignore", "run", "setup", "pre-commit",
  ]

  /// Every text file that people write, in the order of its path.
  static func files() throws -> [SourceFile] {
    var found: [String] = []
    try collect(folder: "", into: &found)
    return try found.sorted().map { path in
      SourceFile(
        path: path,
        text: try String(contentsOf: root.appending(path: path), encoding: .utf8)
      )
    }
  }

  static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: root.appending(path: path).path(percentEncoded: false))
  }

  private static func collect(folder: String, into found: inout [String]) throws {
    let here = folder.isEmpty ? root : root.appending(path: folder)
    let keys: Set<URLResourceKey> = [.isDirectoryKey, .isRegularFileKey]
    let entries = try FileManager.default.contentsOfDirectory(
      at: here,
      includingPropertiesForKeys: Array(keys)
    )
    for entry in entries {
      let name = entry.lastPathComponent
      let path = folder.isEmpty ? name : folder + "/" + name
      let values = try entry.resourceValues(forKeys: keys)
      if values.isDirectory == true {
        guard !skippedFolders.contains(name), !name.hasPrefix("build-") else { continue }
        try collect(folder: path, into: &found)
      } else if values.isRegularFile == true, isText(name) {
        found.append(path)
      }
    }
  }

  private static func isText(_ name: String) -> Bool {
    textNames.contains(name) || textExtensions.contains((name as NSString).pathExtension)
  }
}
