internal import Glibc

// A file that is read once, from its beginning, in pieces.
//
// States: open, ended. Invariant: `start ..< end` of the buffer is what was read and not yet handed
// out; `offset` counts what was handed out. Who may change it: the one importer that reads it.

/// A file that is read piece by piece; its size does not matter.
@safe
final class InputFile {
  /// Its name as it was given.
  let path: String
  /// Its size when it was opened; 0 when it is no regular file.
  let size: UInt64
  /// How many bytes were handed out.
  private(set) var offset: UInt64 = 0
  /// How many lines were handed out.
  private(set) var lines = 0

  private let descriptor: Int32
  private var buffer = [UInt8](repeating: 0, count: 1 << 18)
  private var start = 0
  private var end = 0
  private var hasEnded = false

  /// Opens a file.
  ///
  /// - Throws: Why it cannot be read.
  init(_ path: String) throws(ImportError) {
    self.path = path
    let opened = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard opened >= 0 else {
      throw ImportError("cannot read \(path): \(unsafe String(cString: strerror(errno)))")
    }
    var information = stat()
    guard unsafe fstat(opened, &information) == 0, information.st_mode & S_IFMT != S_IFDIR else {
      close(opened)
      throw ImportError("cannot read \(path): it is a folder")
    }
    descriptor = opened
    size = information.st_mode & S_IFMT == S_IFREG ? UInt64(information.st_size) : 0
  }

  deinit { close(descriptor) }

  /// The next line without its end; nil at the end of the file.
  ///
  /// - Throws: When a line is so long that this can be no text.
  func nextLine() throws(ImportError) -> [UInt8]? {
    var searched = start
    while true {
      if let found = position(of: 10, from: searched) {
        var last = found
        if last > start, buffer[last - 1] == 13 { last -= 1 }
        let line = Array(buffer[start..<last])
        advance(to: found + 1)
        lines += 1
        return line
      }
      guard end - start <= ImportLimits.lineBytesMax else {
        throw ImportError("\(path):\(lines + 1): a line without an end: this is no text file")
      }
      let waiting = end - start
      if !fill() {
        guard end > start else { return nil }
        let line = Array(buffer[start..<end])
        advance(to: end)
        lines += 1
        return line
      }
      searched = start + waiting
    }
  }

  /// So many of the next bytes, or fewer at the end of the file.
  func peek(_ count: Int) -> ArraySlice<UInt8> {
    while end - start < count, fill() {}
    return buffer[start..<min(end, start + count)]
  }

  private func position(of byte: UInt8, from first: Int) -> Int? {
    guard first < end else { return nil }
    return unsafe buffer.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress,
        let found = unsafe memchr(base + first, Int32(byte), end - first)
      else { return nil }
      return unsafe UnsafeRawPointer(found) - base
    }
  }

  private func advance(to position: Int) {
    offset += UInt64(position - start)
    start = position
  }

  /// Reads more; false at the end.
  private func fill() -> Bool {
    guard !hasEnded else { return false }
    if start > 0 {
      buffer.replaceSubrange(0..<(end - start), with: Array(buffer[start..<end]))
      end -= start
      start = 0
    }
    if end == buffer.count { buffer += [UInt8](repeating: 0, count: buffer.count) }
    while true {
      let (from, room) = (end, buffer.count - end)
      let count = unsafe buffer.withUnsafeMutableBytes { bytes in
        unsafe read(descriptor, bytes.baseAddress.map { unsafe $0 + from }, room)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        hasEnded = true
        return false
      }
      end += count
      return true
    }
  }
}

/// Text of unknown encoding: UTF-8 where it is that, else Latin-1.
enum LineText {
  /// Reads a line.
  ///
  /// - Returns: The text, and whether it was UTF-8.
  static func decode(_ bytes: some Collection<UInt8>) -> (text: String, isUTF8: Bool) {
    if let text = String(validating: bytes, as: UTF8.self) { return (text, true) }
    var text = String.UnicodeScalarView()
    for byte in bytes { text.append(UnicodeScalar(byte)) }
    return (String(text), false)
  }
}
