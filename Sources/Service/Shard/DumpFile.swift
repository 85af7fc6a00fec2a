// The file of `serve --tlib-log`: every event as a T-Library text dump.
//
// States: open, broken (a write failed; nothing is written any more, and it is said once). The
// engine goes on in every state: a full disk costs the dump, not a call.
// Who may change it: the shard loop that owns it.

internal import Engine
internal import Glibc
internal import Wire

/// An append-only file of event dumps.
struct DumpFile: ~Copyable {
  private let descriptor: Int32
  private let path: String
  private var dump = EventDump()
  private var isBroken = false

  /// Opens a file for appending.
  init(_ path: String) throws {
    self.path = path
    descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw ServiceError("cannot write \(path): \(Self.problem())")
    }
  }

  deinit { close(descriptor) }

  private static func problem() -> String { unsafe String(cString: strerror(errno)) }

  /// Adds an event; `flush` writes it.
  mutating func append(_ event: borrowing Event) {
    if !isBroken { dump.append(event) }
  }

  /// Writes what was added; returns what went wrong, the first time.
  mutating func flush() -> String? {
    guard !dump.bytes.isEmpty else { return nil }
    defer { dump.removeAll() }
    var sent = 0
    while sent < dump.bytes.count {
      let written = unsafe dump.bytes.withUnsafeBytes { bytes in
        unsafe write(descriptor, bytes.baseAddress?.advanced(by: sent), bytes.count - sent)
      }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else {
        isBroken = true
        return "\(path): \(Self.problem()); no more events are written there"
      }
      sent += written
    }
    return nil
  }
}
