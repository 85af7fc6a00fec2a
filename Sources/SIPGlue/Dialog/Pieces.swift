// A table that grows by pieces of one size.
//
// Invariants: an element never moves, so that nothing waits while a large table is copied; what was
// added stays until the table ends; an element is reached without asking whether the table is
// shared, which it never is.
// Who may change it: its owner.

/// Elements by position.
@safe
package struct Pieces<Element>: ~Copyable {
  /// Elements in a piece, a power of two.
  private static var size: Int { 1024 }
  /// A cache line: elements of a few lines do not begin within one.
  private static var alignment: Int { 64 }

  private var pieces: [UnsafeMutablePointer<Element>]
  package private(set) var count = 0

  package init() { unsafe pieces = [] }

  deinit {
    for index in 0..<(unsafe pieces.count) {
      let piece = unsafe pieces[index]
      unsafe piece.deinitialize(count: min(Self.size, count - index * Self.size))
      unsafe UnsafeMutableRawPointer(piece).deallocate()
    }
  }

  package subscript(position: Int) -> Element {
    @inline(__always)
    _read {
      precondition(UInt(bitPattern: position) < UInt(bitPattern: count))
      yield unsafe pieces[position / Self.size][position % Self.size]
    }
    @inline(__always)
    _modify {
      precondition(UInt(bitPattern: position) < UInt(bitPattern: count))
      yield unsafe &pieces[position / Self.size][position % Self.size]
    }
  }

  /// Adds an element behind the last one.
  package mutating func append(_ element: consuming Element) {
    if count % Self.size == 0 {
      let piece = UnsafeMutableRawPointer.allocate(
        byteCount: MemoryLayout<Element>.stride * Self.size,
        alignment: max(Self.alignment, MemoryLayout<Element>.alignment)
      )
      unsafe pieces.append(piece.bindMemory(to: Element.self, capacity: Self.size))
    }
    unsafe (pieces[count / Self.size] + count % Self.size).initialize(to: element)
    count += 1
  }
}
