// The part of a store that has not been moved into its database yet, looked at before SQLite does.
//
// SQLite reads its write-ahead log up to the first frame that is not as it was written, and takes
// what comes then for the rest of a write that never ended. That is right after a crash, when
// nothing comes then. Where commits follow, something in the middle was changed, and going on would
// overwrite them. Source: sqlite.org/fileformat2.html, section 4.

/// Finds out whether a write-ahead log was damaged in its middle.
struct WALFile {
  private static let headerBytes = 32
  private static let frameHeaderBytes = 24

  private let bytes: [UInt8]
  private let pageBytes: Int
  private let isBigEndian: Bool

  /// Where a log is damaged.
  struct Damage {
    /// How many bytes before it are as they were written.
    var soundBytes: Int
    /// Commits after it.
    var commits: Int
  }

  /// Takes a log's bytes; nil when they are not one.
  init?(_ bytes: [UInt8]) {
    guard bytes.count > Self.headerBytes else { return nil }
    self.bytes = bytes
    isBigEndian = bytes[3] == 0x83
    pageBytes = Int(Self.number(bytes, 8))
    let magic = Self.number(bytes, 0)
    guard magic == 0x377f_0682 || magic == 0x377f_0683,
      pageBytes >= 512, pageBytes <= 65_536, pageBytes % 8 == 0
    else { return nil }
  }

  /// What is wrong; nil: nothing, or only the very end.
  func damage() -> Damage? {
    var sum = (Self.number(bytes, 24), Self.number(bytes, 28))
    var place = Self.headerBytes
    var soundBytes = place
    while let next = frame(at: place) {
      let whole = summed(
        place + Self.frameHeaderBytes,
        pageBytes,
        summed(place, 8, sum)
      )
      guard
        whole.0 == Self.number(bytes, place + 16), whole.1 == Self.number(bytes, place + 20)
      else {
        let commits = commits(from: next)
        return commits > 0 ? Damage(soundBytes: soundBytes, commits: commits) : nil
      }
      sum = whole
      // Up to the last commit; what a transaction wrote before its end does not count.
      if Self.number(bytes, place + 4) != 0 { soundBytes = next }
      place = next
    }
    return nil
  }

  /// The end of a frame of this log that begins at a place; nil: there is none.
  private func frame(at place: Int) -> Int? {
    let end = place + Self.frameHeaderBytes + pageBytes
    guard end <= bytes.count, bytes[(place + 8)..<(place + 16)] == bytes[16..<24] else {
      return nil
    }
    return end
  }

  private func commits(from start: Int) -> Int {
    var place = start
    var count = 0
    while place + Self.frameHeaderBytes + pageBytes <= bytes.count {
      if frame(at: place) != nil, Self.number(bytes, place + 4) != 0 { count += 1 }
      place += Self.frameHeaderBytes + pageBytes
    }
    return count
  }

  private func summed(
    _ start: Int,
    _ count: Int,
    _ sum: (UInt32, UInt32)
  ) -> (UInt32, UInt32) {
    var sum = sum
    var place = start
    while place < start + count {
      sum.0 = sum.0 &+ word(place) &+ sum.1
      sum.1 = sum.1 &+ word(place + 4) &+ sum.0
      place += 8
    }
    return sum
  }

  private func word(_ place: Int) -> UInt32 {
    let number = Self.number(bytes, place)
    return isBigEndian ? number : number.byteSwapped
  }

  private static func number(_ bytes: [UInt8], _ place: Int) -> UInt32 {
    UInt32(bytes[place]) << 24 | UInt32(bytes[place + 1]) << 16 | UInt32(bytes[place + 2]) << 8
      | UInt32(bytes[place + 3])
  }
}
