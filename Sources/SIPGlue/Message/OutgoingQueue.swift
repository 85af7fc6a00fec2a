/// Datagrams that wait to be sent, in order, in one reused buffer.
///
/// The transport walks it after every batch (`forEach`) and empties it.
package struct OutgoingQueue: ~Copyable {
  private struct Entry {
    var offset: Int
    var length: Int
    var destination: Endpoint
  }

  private var storage: MessageWriter
  private var entries: [Entry] = []
  /// Datagrams that did not fit and were left out.
  package private(set) var dropped = 0

  /// Makes room for about `bytes` of datagrams; grows up to `limit`.
  package init(bytes: Int = 65_536, limit: Int = 16 << 20) {
    storage = MessageWriter(capacity: bytes, limit: limit)
    entries.reserveCapacity(64)
  }

  package var count: Int { entries.count }
  package var isEmpty: Bool { entries.isEmpty }

  /// Appends a copy of a datagram.
  package mutating func append(_ datagram: ByteView, to destination: Endpoint) {
    let start = storage.count
    storage.write(datagram)
    close(from: start, to: destination)
  }

  /// Appends a datagram that `write` writes in place.
  package mutating func append(to destination: Endpoint, _ write: (inout MessageWriter) -> Void) {
    let start = storage.count
    write(&storage)
    close(from: start, to: destination)
  }

  /// The bytes and destination of one datagram; valid until the queue is next changed.
  package subscript(index: Int) -> (bytes: ByteView, destination: Endpoint) {
    let entry = entries[index]
    return (
      storage.bytes.view(from: entry.offset, to: entry.offset + entry.length), entry.destination
    )
  }

  /// Shows every datagram in order.
  package func forEach(_ body: (ByteView, Endpoint) -> Void) {
    for index in 0..<entries.count {
      let (bytes, destination) = self[index]
      body(bytes, destination)
    }
  }

  /// Forgets everything; keeps the memory.
  package mutating func removeAll() {
    entries.removeAll(keepingCapacity: true)
    storage.removeAll()
  }

  /// Forgets the first so many datagrams; keeps the memory.
  package mutating func removeFirst(_ number: Int) {
    guard number < entries.count else { return removeAll() }
    let bytes = entries[number].offset
    entries.removeFirst(number)
    for index in entries.indices { entries[index].offset -= bytes }
    storage.removeFirst(bytes)
  }

  private mutating func close(from start: Int, to destination: Endpoint) {
    let length = storage.count - start
    guard !storage.overflowed, length <= 65_507 else {
      storage.truncate(to: start)
      dropped += 1
      return
    }
    entries.append(Entry(offset: start, length: length, destination: destination))
  }
}
