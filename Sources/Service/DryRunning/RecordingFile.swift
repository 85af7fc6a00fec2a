internal import Engine
internal import Glibc
internal import Journal
internal import Workbench

/// A recording on disk, read from its beginning as often as wanted.
@safe final class RecordingFile: RecordingReader {
  private let path: String
  private let descriptor: Int32
  private var left: [UInt8] = []
  private var isOver = false

  private static let pieceSize = 1 << 20
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

  /// Replaces a chunk with the next one.
  ///
  /// - Parameter chunk: Receives whole lines; its memory is used again.
  /// - Returns: False when there are no more.
  /// - Throws: What cannot be read.
  func read(into chunk: inout RecordingChunk) throws -> Bool {
    chunk.ends.removeAll(keepingCapacity: true)
    chunk.bytes.removeAll(keepingCapacity: true)
    chunk.bytes.append(contentsOf: left)
    left.removeAll(keepingCapacity: true)
    while !isOver {
      let searched = chunk.bytes.count
      try fill(&chunk.bytes)
      if isOver, chunk.bytes.last.map({ $0 != 10 }) ?? false { chunk.bytes.append(10) }
      findEnds(&chunk, from: searched)
      guard let last = chunk.ends.last else {
        guard chunk.bytes.count < Self.lineMax else {
          throw ServiceError("\(path): a line of more than \(Self.lineMax >> 20) MB")
        }
        continue
      }
      left.append(contentsOf: chunk.bytes[(last + 1)...])
      return true
    }
    return false
  }

  private func fill(_ bytes: inout [UInt8]) throws(ServiceError) {
    let start = bytes.count
    // Written to at once: the zeros cost little against reading.
    bytes.append(contentsOf: repeatElement(0, count: Self.pieceSize))
    while true {
      let count = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe Glibc.read(descriptor, buffer.baseAddress.map { unsafe $0 + start }, Self.pieceSize)
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        throw ServiceError("cannot read \(path): \(unsafe String(cString: strerror(errno)))")
      }
      bytes.removeLast(Self.pieceSize - count)
      if count == 0 { isOver = true }
      return
    }
  }

  private func findEnds(_ chunk: inout RecordingChunk, from start: Int) {
    let count = chunk.bytes.count
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
