internal import Glibc

/// A file that is read line by line, however large it is.
@safe
package final class LineFile {
  private let file: UnsafeMutablePointer<FILE>
  private var line: UnsafeMutablePointer<CChar>?
  private var capacity = 0

  /// Opens a file; `-` is standard input.
  package init(_ path: String) throws(ServiceError) {
    guard let opened = path == "-" ? unsafe fdopen(dup(0), "r") : unsafe fopen(path, "re") else {
      throw ServiceError("cannot read \(path): \(unsafe String(cString: strerror(errno)))")
    }
    unsafe file = opened
  }

  deinit {
    unsafe free(line)
    unsafe fclose(file)
  }

  /// The next line without its end; nil at the end of the file.
  package func next() -> String? {
    let count = unsafe getline(&line, &capacity, file)
    guard count > 0, let line = unsafe line else { return nil }
    var bytes = unsafe UnsafeRawBufferPointer(start: line, count: count)
    if unsafe bytes.last == 10 { unsafe bytes = UnsafeRawBufferPointer(rebasing: bytes.dropLast()) }
    return unsafe String(decoding: bytes, as: UTF8.self)
  }
}

/// A file that is written from its beginning.
@safe
package final class OutputFile {
  private let file: UnsafeMutablePointer<FILE>
  private let path: String

  /// Opens a file; `-` is standard output.
  package init(_ path: String) throws(ServiceError) {
    self.path = path
    guard let opened = path == "-" ? unsafe fdopen(dup(1), "w") : unsafe fopen(path, "we") else {
      throw ServiceError("cannot write \(path): \(unsafe String(cString: strerror(errno)))")
    }
    unsafe file = opened
  }

  deinit { unsafe fclose(file) }

  /// Writes bytes; false when they cannot be written.
  package func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
    unsafe fwrite(bytes.baseAddress, 1, bytes.count, file) == bytes.count
  }

  /// Says that everything is written.
  package func finish() throws(ServiceError) {
    guard unsafe fflush(file) == 0 else {
      throw ServiceError("cannot write \(path): \(unsafe String(cString: strerror(errno)))")
    }
  }
}
