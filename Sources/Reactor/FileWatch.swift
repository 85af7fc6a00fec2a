// Changes of files, as editors and deployments make them.
//
// Only folders are watched, never files: an editor that writes a new file and renames it into place
// leaves the watch of the old file on a file that is gone. A watched file is a name in its folder.
// States: a folder is watched from `watch` until it is gone; then `.lost` is reported once.
// Invariants: one kernel watch per folder, whatever was asked for in it; in a watched tree every
// folder is watched, also one that was created later (its files are then reported as changed).
// Who may change it: the one thread that owns it. Debouncing is the user's: one save makes several
// changes. Source: inotify(7).

internal import CLinux
internal import Glibc

/// Watches files and folders for changes.
public struct FileWatch: ~Copyable {
  /// Something that happened to a watched file or folder.
  public enum Change: Hashable, Sendable {
    /// The file was written and closed, or renamed into its place.
    case changed(String)
    /// The file was deleted or renamed away.
    case removed(String)
    /// The watched folder itself is gone; nothing more will be reported from it.
    case lost(String)
    /// The kernel had too many changes to tell: read everything again.
    case overflow
  }

  private struct Folder {
    var path: String
    var wantsAll = false
    var wantsTree = false
    /// The watched names in this folder, each with the path as the user spelled it.
    var files: [String: String] = [:]
  }

  private let source: FileDescriptor
  private var folders: [Int32: Folder] = [:]
  private var buffer = [UInt8](repeating: 0, count: 16_384)

  /// The deepest folder below a watched tree that is still watched.
  private static let depthMax = 16

  /// Opens a watch that watches nothing yet.
  public init() throws(ReactorError) {
    source = try FileDescriptor(rs_watch_create(), "inotify")
  }

  /// The descriptor to register for reading.
  public var descriptor: Int32 { source.number }

  /// Watches one file, which need not exist yet; its folder must.
  public mutating func watch(file path: String) throws(ReactorError) {
    let parts = FileWatch.split(path)
    let watch = try add(parts.folder)
    folders[watch]?.files[parts.name] = path
  }

  /// Watches all files of a folder.
  ///
  /// - Parameters:
  ///   - path: The folder; it must exist.
  ///   - tree: Whether the folders below it are watched too, now and when they appear.
  /// - Throws: What the kernel refused.
  public mutating func watch(folder path: String, tree: Bool = false) throws(ReactorError) {
    var trimmed = path[...]
    while trimmed.count > 1, trimmed.last == "/" { trimmed.removeLast() }
    try watch(folder: String(trimmed), tree: tree, depth: 0)
  }

  /// Appends what happened since the last call, in order.
  public mutating func changes(into changes: inout [Change]) throws(ReactorError) {
    while true {
      let capacity = buffer.count
      let got = unsafe buffer.withUnsafeMutableBytes { bytes in
        unsafe rs_read(source.number, bytes.baseAddress, capacity)
      }
      if got == -Int(Errno.again) { return }
      let count = try ReactorError.check(got, "read inotify")
      for entry in decode(count) { note(entry, into: &changes) }
    }
  }

  // MARK: Decoding

  private struct Entry {
    let watch: Int32
    let what: UInt32
    let name: String

    func has(_ bits: UInt32) -> Bool { what & bits != 0 }
  }

  private func decode(_ count: Int) -> [Entry] {
    var entries: [Entry] = []
    unsafe buffer.withUnsafeBytes { bytes in
      var offset = 0
      while true {
        var event = unsafe rs_watch_event()
        let next = unsafe rs_watch_decode(bytes.baseAddress, count, offset, &event)
        guard next > 0 else { return }
        offset = next
        let name = unsafe String(cString: event.name)
        unsafe entries.append(Entry(watch: event.watch, what: event.what, name: name))
      }
    }
    return entries
  }

  private mutating func note(_ entry: Entry, into changes: inout [Change]) {
    guard !entry.has(RS_WATCH_OVERFLOW) else {
      changes.append(.overflow)
      return
    }
    guard let folder = folders[entry.watch] else { return }
    if entry.has(RS_WATCH_GONE) {
      folders[entry.watch] = nil
      _ = rs_watch_remove(source.number, entry.watch)
      changes.append(.lost(folder.path))
      return
    }
    let inFolder = FileWatch.join(folder.path, entry.name)
    if entry.has(RS_WATCH_FOLDER), folder.wantsTree, !entry.has(RS_WATCH_REMOVED) {
      adopt(inFolder, into: &changes)
      return
    }
    guard let path = folder.files[entry.name] ?? (folder.wantsAll ? inFolder : nil) else { return }
    if entry.has(RS_WATCH_REMOVED) {
      changes.append(.removed(path))
    } else if entry.has(RS_WATCH_CHANGED) {
      changes.append(.changed(path))
    } else if entry.has(RS_WATCH_CREATED), unsafe rs_is_link(inFolder) != 0 {
      changes.append(.changed(path))
    }
  }

  // MARK: Folders

  private mutating func add(_ path: String) throws(ReactorError) -> Int32 {
    let watch = try ReactorError.check(
      unsafe rs_watch_add(source.number, path),
      "watch folder \(path)"
    )
    if folders[watch] == nil { folders[watch] = Folder(path: path) }
    return watch
  }

  private mutating func watch(folder path: String, tree: Bool, depth: Int) throws(ReactorError) {
    let watch = try add(path)
    folders[watch]?.wantsAll = true
    guard tree else { return }
    folders[watch]?.wantsTree = true
    guard depth < FileWatch.depthMax else { return }
    for name in FileWatch.names(in: path) {
      let below = FileWatch.join(path, name)
      guard unsafe rs_is_folder(below) != 0 else { continue }
      try self.watch(folder: below, tree: true, depth: depth + 1)
    }
  }

  /// A folder appeared in a watched tree: what is in it already came before its watch.
  private mutating func adopt(_ path: String, into changes: inout [Change]) {
    do {
      try watch(folder: path, tree: true, depth: 1)
    } catch {
      changes.append(.lost(path))
      return
    }
    report(path, depth: 1, into: &changes)
  }

  private func report(_ path: String, depth: Int, into changes: inout [Change]) {
    guard depth <= FileWatch.depthMax else { return }
    for name in FileWatch.names(in: path) {
      let below = FileWatch.join(path, name)
      if unsafe rs_is_folder(below) != 0 {
        report(below, depth: depth + 1, into: &changes)
      } else {
        changes.append(.changed(below))
      }
    }
  }

  private static func names(in folder: String) -> [String] {
    guard let open = unsafe opendir(folder) else { return [] }
    defer { unsafe closedir(open) }
    var names: [String] = []
    while let entry = unsafe readdir(open) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { byte in byte != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  private static func join(_ folder: String, _ name: String) -> String {
    folder.hasSuffix("/") ? folder + name : folder + "/" + name
  }

  private static func split(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return (".", path) }
    let name = String(path[path.index(after: slash)...])
    return (slash == path.startIndex ? "/" : String(path[..<slash]), name)
  }
}
