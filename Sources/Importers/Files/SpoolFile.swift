internal import Glibc

/// A temporary file that nobody else sees and that is gone when the program is.
@safe
final class SpoolFile {
  private let descriptor: Int32
  private(set) var count: UInt64 = 0

  /// Makes the file in the folder where the result is going to lie.
  init(besides path: String) throws(ImportError) {
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    var name = Array("\(folder).pointsman-import-XXXXXX".utf8CString)
    let opened = unsafe name.withUnsafeMutableBufferPointer { text in
      guard let base = text.baseAddress else { return Int32(-1) }
      let opened = unsafe mkstemp(base)
      if opened >= 0 { unsafe _ = unlink(base) }
      return opened
    }
    guard opened >= 0 else {
      throw ImportError("cannot write beside \(path): \(unsafe String(cString: strerror(errno)))")
    }
    descriptor = opened
  }

  deinit { close(descriptor) }

  /// Appends bytes.
  func append(_ bytes: [UInt8]) throws(ImportError) {
    var done = 0
    while done < bytes.count {
      let from = done
      let written = unsafe bytes.withUnsafeBytes { buffer in
        unsafe write(descriptor, buffer.baseAddress.map { unsafe $0 + from }, bytes.count - from)
      }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else {
        throw ImportError("no room to sort: \(unsafe String(cString: strerror(errno)))")
      }
      done += written
    }
    count += UInt64(bytes.count)
  }

  /// Reads bytes at a place; fewer at the end.
  func read(_ limit: Int, at offset: UInt64) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      while count < limit {
        let got = unsafe pread(
          descriptor,
          buffer.baseAddress.map { unsafe $0 + count },
          limit - count,
          off_t(offset) + count
        )
        if got < 0, errno == EINTR { continue }
        guard got > 0 else { return }
        count += got
      }
    }
  }
}

/// The file that an import makes: written aside, and moved to its place when it is whole.
@safe
public final class ImportOutput {
  private let path: String
  private let partial: String
  private var descriptor: Int32 = -1
  private var buffer: [UInt8] = []

  /// Names the file; nothing is written before the first byte.
  ///
  /// - Parameter path: Where; `-` is standard output.
  public init(_ path: String) { (self.path, partial) = (path, path + ".part") }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    if path != "-" { unsafe _ = unlink(partial) }
  }

  /// Whether something lies at a place.
  static func isThere(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

  /// Where temporary files may lie.
  var place: String { path == "-" ? "/tmp/-" : path }

  /// Opens the file, so that a place that cannot be written is known before the work.
  func open() throws(ImportError) {
    let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC
    descriptor = path == "-" ? dup(STDOUT_FILENO) : unsafe Glibc.open(partial, flags, 0o644)
    guard descriptor >= 0 else { throw cannot }
  }

  /// Writes bytes.
  func write(_ bytes: some Collection<UInt8>) throws(ImportError) {
    buffer += bytes
    if buffer.count >= 1 << 18 { try flush() }
  }

  /// Says that everything is written: the file takes its place.
  func finish() throws(ImportError) {
    try flush()
    let isClosed = close(descriptor) == 0
    descriptor = -1
    guard path != "-" else { return }
    guard isClosed, unsafe rename(partial, path) == 0 else {
      let error = cannot
      unsafe _ = unlink(partial)
      throw error
    }
  }

  private func flush() throws(ImportError) {
    var done = 0
    while done < buffer.count {
      let from = done
      let written = unsafe buffer.withUnsafeBytes { bytes in
        unsafe Glibc.write(
          descriptor,
          bytes.baseAddress.map { unsafe $0 + from },
          bytes.count - from
        )
      }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw cannot }
      done += written
    }
    buffer.removeAll(keepingCapacity: true)
  }

  private var cannot: ImportError {
    ImportError("cannot write \(path): \(unsafe String(cString: strerror(errno)))")
  }
}
