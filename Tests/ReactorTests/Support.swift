import Glibc
import Reactor

/// A folder of its own for one test, deleted with everything in it.
final class ScratchFolder {
  let path: String

  init() {
    var template = Array("/tmp/pointsman-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { preconditionFailure("mkdtemp") }
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  deinit { ScratchFolder.remove(path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  func write(_ text: String, to name: String) {
    guard let open = fopen(file(name), "w") else { preconditionFailure("fopen \(name)") }
    fputs(text, open)
    fclose(open)
  }

  private static func remove(_ path: String) {
    if let open = opendir(path) {
      while let entry = readdir(open) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
          String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != ".", name != ".." { remove("\(path)/\(name)") }
      }
      closedir(open)
    }
    Glibc.remove(path)
  }
}

/// A deadline that only a hanging test reaches.
var patience: UInt64 { Clock.monotonic + 30_000_000_000 }

/// The first kilobytes of a file of the kernel's.
func contents(of path: String) -> String {
  guard let open = fopen(path, "r") else { return "" }
  defer { fclose(open) }
  var bytes = [UInt8](repeating: 0, count: 8_192)
  let count = fread(&bytes, 1, bytes.count, open)
  return String(decoding: bytes.prefix(count), as: UTF8.self)
}
