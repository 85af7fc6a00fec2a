internal import Glibc
public import Workbench

/// A file that is written piece by piece.
public final class FileSink {
  private let descriptor: Int32
  let path: String
  /// Whether something could not be written; nothing is written after that.
  public private(set) var hasFailed = false

  /// Makes or replaces a file.
  ///
  /// - Parameter path: Where; `-` is standard output.
  /// - Throws: When that cannot be.
  public init(_ path: String) throws(ServiceError) {
    self.path = path
    let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC
    descriptor = path == "-" ? dup(STDOUT_FILENO) : unsafe open(path, flags, 0o644)
    guard descriptor >= 0 else { throw ServiceError("cannot write \(path)") }
  }

  deinit { close(descriptor) }

  /// What writes a recording here.
  public var recorder: SimulationRecorder { unsafe SimulationRecorder { unsafe self.write($0) } }

  /// Writes some bytes.
  private func write(_ bytes: UnsafeRawBufferPointer) {
    var offset = 0
    while !hasFailed, offset < bytes.count {
      let start = unsafe bytes.baseAddress.map { unsafe $0 + offset }
      let count = unsafe Glibc.write(descriptor, start, bytes.count - offset)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        hasFailed = true
        return
      }
      offset += count
    }
  }
}
