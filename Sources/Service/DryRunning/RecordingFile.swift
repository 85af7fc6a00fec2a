internal import Engine
internal import Glibc
internal import Journal
internal import Workbench

/// A file that is open as long as somebody has this.
final class OpenFile: Sendable {
  /// What it is called in complaints.
  let name: String
  let descriptor: Int32

  /// Opens a file.
  init(reading path: String) throws(ServiceError) {
    name = path
    descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw ServiceError("cannot read \(path): \(unsafe String(cString: strerror(errno)))")
    }
  }

  /// Makes a file that nobody else sees and that is gone when this is; nil: it cannot be made.
  init?(temporaryIn folder: String) {
    name = folder
    var path = Array("\(folder)/.pointsman-dryrun-XXXXXX".utf8CString)
    descriptor = unsafe path.withUnsafeMutableBufferPointer { text in
      guard let base = text.baseAddress else { return -1 }
      let descriptor = unsafe mkstemp(base)
      if descriptor >= 0 { unsafe _ = unlink(base) }
      return descriptor
    }
    guard descriptor >= 0 else { return nil }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }
}

/// A recording on disk, or lines of it that were kept, read from the beginning.
@safe final class RecordingFile: RecordingReader {
  private let file: OpenFile
  private var offset = 0
  /// The beginning of a line of which the rest is not read yet.
  private var left: [UInt8] = []
  private var isOver = false
  let hasNumbers: Bool

  /// Small enough to stay in the processor's cache beside what else is in use.
  private static let pieceSize = 1 << 16
  /// A line longer than this is no line.
  private static let lineMax = 64 << 20

  init(_ file: OpenFile, hasNumbers: Bool = false) {
    self.file = file
    self.hasNumbers = hasNumbers
  }

  /// How many bytes there are, if that is known beforehand.
  var size: Int {
    var status = stat()
    guard unsafe fstat(file.descriptor, &status) == 0 else { return 0 }
    return Int(status.st_size)
  }

  /// Replaces a chunk with the next one.
  ///
  /// - Parameter chunk: Receives whole lines; its memory is used again.
  /// - Returns: False when there are no more.
  /// - Throws: What cannot be read.
  func read(into chunk: inout RecordingChunk) throws -> Bool {
    chunk.ends.removeAll(keepingCapacity: true)
    var filled = left.count
    if chunk.bytes.count < filled { chunk.bytes = left }
    for index in left.indices { chunk.bytes[index] = left[index] }
    left.removeAll(keepingCapacity: true)
    while !isOver {
      let searched = filled
      filled += try fill(&chunk.bytes, from: filled)
      if isOver, filled > 0, chunk.bytes[filled - 1] != 10 {
        chunk.bytes[filled] = 10
        filled += 1
      }
      findEnds(&chunk, from: searched, to: filled)
      guard let last = chunk.ends.last else {
        guard filled < Self.lineMax else {
          throw ServiceError("\(file.name): a line of more than \(Self.lineMax >> 20) MB")
        }
        continue
      }
      left.append(contentsOf: chunk.bytes[last + 1..<filled])
      return true
    }
    return false
  }

  /// Reads a piece to behind what is there, with room for a line feed; returns how many bytes came.
  private func fill(_ bytes: inout [UInt8], from start: Int) throws(ServiceError) -> Int {
    let lacking = start + Self.pieceSize + 1 - bytes.count
    if lacking > 0 { bytes.append(contentsOf: repeatElement(0, count: lacking)) }
    while true {
      let count = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe pread(
          file.descriptor,
          buffer.baseAddress.map { unsafe $0 + start },
          Self.pieceSize,
          off_t(offset)
        )
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        throw ServiceError("cannot read \(file.name): \(unsafe String(cString: strerror(errno)))")
      }
      offset += count
      if count == 0 { isOver = true }
      return count
    }
  }

  private func findEnds(_ chunk: inout RecordingChunk, from start: Int, to count: Int) {
    var ends: [Int] = []
    swap(&ends, &chunk.ends)
    unsafe chunk.bytes.withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress else { return }
      var at = start
      while at < count, let found = unsafe memchr(base + at, 10, count - at) {
        let end = unsafe UnsafeRawPointer(found) - base
        ends.append(end)
        at = end + 1
      }
    }
    swap(&ends, &chunk.ends)
  }
}

/// Keeps lines in a temporary file; when there is no room for one, nothing is kept.
@safe final class KeptLinesFile: KeptLines {
  /// The file; nil: the recording has to be read again.
  private(set) var file: OpenFile?

  init() { file = OpenFile(temporaryIn: Files.variable("TMPDIR") ?? "/var/tmp") }

  func removeAll() {
    guard let file, ftruncate(file.descriptor, 0) == 0,
      lseek(file.descriptor, 0, SEEK_SET) == 0
    else {
      file = nil
      return
    }
  }

  func append(_ bytes: [UInt8]) {
    guard let descriptor = file?.descriptor else { return }
    var done = 0
    while done < bytes.count {
      let from = done
      let written = unsafe bytes.withUnsafeBytes { buffer in
        unsafe write(descriptor, buffer.baseAddress.map { unsafe $0 + from }, bytes.count - from)
      }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else {
        file = nil
        return
      }
      done += written
    }
  }
}
