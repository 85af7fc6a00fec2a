// Slots in the order of their ranks, each with a row of bits; the first slot that has a wanted bit
// is found in logarithmic time, whatever the number of slots and of bits.
//
// A treap: a search tree by (rank, slot) that is a heap by a hash of the slot, so its depth is
// logarithmic whatever the order of arrival, and the same in every run. Every node knows the bits
// and the lowest minor rank of all slots below it.
// Invariants: in order, ranks grow; a parent's heat is not below its children's; `below` is the
// union of the bits in the subtree. Nothing allocates once the arrays have grown.
// Source: R. Seidel, C. Aragon, Randomized Search Trees (1996).

/// A place in an order: smaller comes first.
package struct Rank: Sendable, Hashable, Codable {
  package init(major: Int64, minor: UInt64) {
    self.major = major
    self.minor = minor
  }

  /// What counts first.
  package var major: Int64
  /// What counts among equals.
  package var minor: UInt64

  package static func < (left: Rank, right: Rank) -> Bool {
    left.major != right.major ? left.major < right.major : left.minor < right.minor
  }
}

/// An ordered set of slots with bits.
///
/// A node holds the first word of its bits and of those below it; rows hold all words where there
/// is more than one.
package struct RankedIndex: Sendable, Codable {
  private struct Node: Sendable, Codable {
    var left: Int32 = -1
    var right: Int32 = -1
    var parent: Int32 = -1
    var heat: UInt32 = 0
    var rank = Rank(major: 0, minor: 0)
    /// The lowest minor rank in the subtree.
    var lowest: UInt64 = .max
    var own: UInt64 = 0
    var below: UInt64 = 0
    var isPresent = false
  }

  private var nodes: [Node] = []
  private var own = BitRows()
  private var below = BitRows()
  private var root: Int32 = -1
  package private(set) var count = 0

  package init(words: Int = 1) {
    own = BitRows(words: words)
    below = BitRows(words: words)
  }

  private var isWide: Bool { own.words > 1 }

  package func contains(_ slot: Int32) -> Bool {
    Int(slot) < nodes.count && nodes[Int(slot)].isPresent
  }

  package func rank(of slot: Int32) -> Rank { nodes[Int(slot)].rank }

  /// The lowest minor rank of all.
  package var lowest: UInt64 { root < 0 ? .max : nodes[Int(root)].lowest }

  // MARK: Changing

  /// Adds a slot; its bits are those of a row.
  package mutating func insert(_ slot: Int32, _ rank: Rank, bits: borrowing BitRows, _ row: Int32) {
    assert(!contains(slot), "the slot is there already")
    if Int(slot) >= nodes.count { grow(to: max(Int(slot) + 1, nodes.count * 2)) }
    if isWide { enterRow(slot, rank, bits, row) }
    let word = bits.word(row, 0)
    var node = Node()
    node.heat = Self.heat(slot)
    node.rank = rank
    node.lowest = rank.minor
    node.own = word
    node.below = word
    node.isPresent = true
    count += 1
    Self.link(slot, node, &nodes, &root)
    while nodes[Int(slot)].parent >= 0,
      nodes[Int(nodes[Int(slot)].parent)].heat < node.heat
    {
      rotateUp(slot)
    }
  }

  /// Hangs a node where its rank belongs, at the end of a branch.
  private static func link(
    _ slot: Int32,
    _ node: Node,
    _ nodes: inout [Node],
    _ root: inout Int32
  ) {
    var nodes = nodes.mutableSpan
    var parent: Int32 = -1
    var next = root
    var goesLeft = false
    while next >= 0 {
      parent = next
      let place = Int(next)
      nodes[place].below |= node.own
      if nodes[place].lowest > node.lowest { nodes[place].lowest = node.lowest }
      goesLeft = node.rank < nodes[place].rank
      next = goesLeft ? nodes[place].left : nodes[place].right
    }
    nodes[Int(slot)] = node
    nodes[Int(slot)].parent = parent
    if parent < 0 {
      root = slot
    } else if goesLeft {
      nodes[Int(parent)].left = slot
    } else {
      nodes[Int(parent)].right = slot
    }
  }

  /// Writes the rows of a new slot and adds its bits to those who will be above it.
  private mutating func enterRow(
    _ slot: Int32,
    _ rank: Rank,
    _ bits: borrowing BitRows,
    _ row: Int32
  ) {
    own.copy(slot, from: bits, row)
    below.copy(slot, from: bits, row)
    var next = root
    while next >= 0 {
      below.add(next, from: bits, row)
      next = rank < nodes[Int(next)].rank ? nodes[Int(next)].left : nodes[Int(next)].right
    }
  }

  package mutating func remove(_ slot: Int32) {
    assert(contains(slot), "the slot is not there")
    while true {
      let left = nodes[Int(slot)].left
      let right = nodes[Int(slot)].right
      guard left >= 0, right >= 0 else { break }
      rotateUp(nodes[Int(left)].heat > nodes[Int(right)].heat ? left : right)
    }
    count -= 1
    let parent = Self.unlink(slot, &nodes, &root)
    if isWide { combineUpwards(from: parent) }
  }

  /// Takes out a node with one child at most; names its parent, and tells all above.
  private static func unlink(
    _ slot: Int32,
    _ nodes: inout [Node],
    _ root: inout Int32
  ) -> Int32 {
    var nodes = nodes.mutableSpan
    let parent = nodes[Int(slot)].parent
    let child = nodes[Int(slot)].left >= 0 ? nodes[Int(slot)].left : nodes[Int(slot)].right
    if child >= 0 { nodes[Int(child)].parent = parent }
    replace(slot, below: parent, with: child, &nodes, &root)
    nodes[Int(slot)] = Node()
    var above = parent
    while above >= 0, update(&nodes, above) { above = nodes[Int(above)].parent }
    return parent
  }

  private static func replace(
    _ slot: Int32,
    below parent: Int32,
    with other: Int32,
    _ nodes: inout MutableSpan<Node>,
    _ root: inout Int32
  ) {
    if parent < 0 {
      root = other
    } else if nodes[Int(parent)].left == slot {
      nodes[Int(parent)].left = other
    } else {
      nodes[Int(parent)].right = other
    }
  }

  private mutating func combineUpwards(from slot: Int32) {
    var above = slot
    while above >= 0, combine(above) { above = nodes[Int(above)].parent }
  }

  /// Recomputes the row of those below a node; whether it changed.
  private mutating func combine(_ slot: Int32) -> Bool {
    below.combine(slot, own: own, nodes[Int(slot)].left, nodes[Int(slot)].right)
  }

  /// Gives a slot the bits that its row has now; its rank stays.
  package mutating func renew(_ slot: Int32, bits: borrowing BitRows) {
    let rank = nodes[Int(slot)].rank
    remove(slot)
    insert(slot, rank, bits: bits, slot)
  }

  /// Makes room for more bits.
  package mutating func widen(to words: Int) {
    guard words > own.words else { return }
    if !isWide {
      own.grow(to: nodes.count)
      below.grow(to: nodes.count)
      for slot in nodes.indices {
        own.setWord(Int32(slot), nodes[slot].own)
        below.setWord(Int32(slot), nodes[slot].below)
      }
    }
    own.widen(to: words)
    below.widen(to: words)
  }

  /// Takes over changed bits of every slot, row by row.
  package mutating func reload(from bits: borrowing BitRows) { reload(root, bits) }

  private mutating func reload(_ slot: Int32, _ bits: borrowing BitRows) {
    guard slot >= 0 else { return }
    reload(nodes[Int(slot)].left, bits)
    reload(nodes[Int(slot)].right, bits)
    nodes[Int(slot)].own = bits.word(slot, 0)
    var span = nodes.mutableSpan
    _ = Self.update(&span, slot)
    guard isWide else { return }
    own.copy(slot, from: bits, slot)
    _ = combine(slot)
  }

  // MARK: Finding

  /// Whether the bits of a slot meet a question.
  private func meets(_ slot: Int32, _ question: some BitQuestion) -> Bool {
    isWide ? question.isMet(by: own, slot) : question.isMet(by: nodes[Int(slot)].own)
  }

  /// Whether the bits of somebody in a subtree may meet a question.
  private func mayMeet(_ slot: Int32, _ question: some BitQuestion) -> Bool {
    isWide ? question.isMet(by: below, slot) : question.isMet(by: nodes[Int(slot)].below)
  }

  /// The first slot in order that meets the question.
  package func first(_ question: some BitQuestion) -> Int32? { first(below: root, question) }

  /// The next slot in order that meets the question.
  package func next(after slot: Int32, _ question: some BitQuestion) -> Int32? {
    let right = nodes[Int(slot)].right
    if let found = first(below: right, question) { return found }
    var child = slot
    var above = nodes[Int(slot)].parent
    while above >= 0 {
      if nodes[Int(above)].left == child {
        if meets(above, question) { return above }
        if let found = first(below: nodes[Int(above)].right, question) { return found }
      }
      child = above
      above = nodes[Int(above)].parent
    }
    return nil
  }

  /// The first slot of at least this rank that meets the question.
  package func first(from rank: Rank, _ question: some BitQuestion) -> Int32? {
    var bound: Int32 = -1
    var next = root
    while next >= 0 {
      if nodes[Int(next)].rank < rank {
        next = nodes[Int(next)].right
      } else {
        bound = next
        next = nodes[Int(next)].left
      }
    }
    guard bound >= 0 else { return nil }
    if meets(bound, question) { return bound }
    return self.next(after: bound, question)
  }

  /// A slot with a minor rank below the bound that meets the question and the condition.
  package func any(
    minorBelow bound: UInt64,
    _ question: some BitQuestion,
    where condition: (Int32) -> Bool
  ) -> Int32? {
    any(root, bound, question, condition)
  }

  private func any(
    _ slot: Int32,
    _ bound: UInt64,
    _ question: some BitQuestion,
    _ condition: (Int32) -> Bool
  ) -> Int32? {
    guard slot >= 0, nodes[Int(slot)].lowest < bound, mayMeet(slot, question) else { return nil }
    if let found = any(nodes[Int(slot)].left, bound, question, condition) { return found }
    if nodes[Int(slot)].rank.minor < bound, meets(slot, question), condition(slot) { return slot }
    return any(nodes[Int(slot)].right, bound, question, condition)
  }

  private func first(below start: Int32, _ question: some BitQuestion) -> Int32? {
    guard start >= 0, mayMeet(start, question) else { return nil }
    var slot = start
    while true {
      let left = nodes[Int(slot)].left
      if left >= 0, mayMeet(left, question) {
        slot = left
      } else if meets(slot, question) {
        return slot
      } else {
        slot = nodes[Int(slot)].right
      }
    }
  }

  // MARK: Mechanics

  private static func heat(_ slot: Int32) -> UInt32 {
    var mixed = UInt32(bitPattern: slot) &+ 0x9E37_79B9
    mixed = (mixed ^ (mixed >> 16)) &* 0x85EB_CA6B
    mixed = (mixed ^ (mixed >> 13)) &* 0xC2B2_AE35
    return mixed ^ (mixed >> 16)
  }

  private mutating func grow(to size: Int) {
    nodes.append(contentsOf: repeatElement(Node(), count: size - nodes.count))
    guard isWide else { return }
    own.grow(to: size)
    below.grow(to: size)
  }

  /// Brings a child above its parent; both know afterwards what is below them.
  private mutating func rotateUp(_ child: Int32) {
    let parent = nodes[Int(child)].parent
    Self.rotate(child, above: parent, &nodes, &root)
    guard isWide else { return }
    _ = combine(parent)
    _ = combine(child)
  }

  private static func rotate(
    _ child: Int32,
    above parent: Int32,
    _ nodes: inout [Node],
    _ root: inout Int32
  ) {
    var nodes = nodes.mutableSpan
    let grandparent = nodes[Int(parent)].parent
    let inner: Int32
    if nodes[Int(parent)].left == child {
      inner = nodes[Int(child)].right
      nodes[Int(parent)].left = inner
      nodes[Int(child)].right = parent
    } else {
      inner = nodes[Int(child)].left
      nodes[Int(parent)].right = inner
      nodes[Int(child)].left = parent
    }
    if inner >= 0 { nodes[Int(inner)].parent = parent }
    replace(parent, below: grandparent, with: child, &nodes, &root)
    nodes[Int(child)].parent = grandparent
    nodes[Int(parent)].parent = child
    _ = update(&nodes, parent)
    _ = update(&nodes, child)
  }

  /// Recomputes what a node knows of those below it; whether that changed.
  private static func update(_ nodes: inout MutableSpan<Node>, _ slot: Int32) -> Bool {
    let left = nodes[Int(slot)].left
    let right = nodes[Int(slot)].right
    var lowest = nodes[Int(slot)].rank.minor
    var below = nodes[Int(slot)].own
    if left >= 0 {
      lowest = min(lowest, nodes[Int(left)].lowest)
      below |= nodes[Int(left)].below
    }
    if right >= 0 {
      lowest = min(lowest, nodes[Int(right)].lowest)
      below |= nodes[Int(right)].below
    }
    guard lowest != nodes[Int(slot)].lowest || below != nodes[Int(slot)].below else { return false }
    nodes[Int(slot)].lowest = lowest
    nodes[Int(slot)].below = below
    return true
  }
}
