internal import Engine
internal import Glibc
internal import Journal
internal import Workbench

/// A recording on disk, read from its beginning as often as wanted.
@safe final class RecordingFile: RecordingReader {
  private let path: String
  private let descriptor: Int32
  /// The beginning of a line of which the rest is not read yet.
  private var left: [UInt8] = []
  private var isOver = false

  /// Small enough to stay in the processor's cache beside what else is in use.
  private static let pieceSize = 1 << 16
  /// A line longer than this is no line.
  private static let lineMax = 64 << 20

  init(_ path: String) throws(ServiceError) {
    self.path = path
    descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw ServiceError("cannot read \(path): \(unsafe String(cString: strerror(errno)))")
    }
  }

  deinit { close(descriptor) }

  /// How many bytes there are, if that is known beforehand.
  var size: Int {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { return 0 }
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
          throw ServiceError("\(path): a line of more than \(Self.lineMax >> 20) MB")
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
        unsafe Glibc.read(descriptor, buffer.baseAddress.map { unsafe $0 + start }, Self.pieceSize)
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        throw ServiceError("cannot read \(path): \(unsafe String(cString: strerror(errno)))")
      }
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
