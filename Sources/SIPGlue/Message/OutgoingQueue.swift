/// Messages that wait to be sent, in order, in one reused buffer, and the connections that those of
/// them take which go by a stream.
///
/// The transports walk it after every batch and empty it from the front. A message to a stream gets
/// its connection when it is appended, so that whoever sends it knows which one to watch.
package struct OutgoingQueue: ~Copyable {
  /// What an entry asks of a stream, besides sending its bytes.
  package enum Deed: UInt8, Sendable {
    case send
    /// Connect first.
    case open
    /// Send nothing; close when everything before is sent.
    case close
  }

  private struct Entry {
    var offset: Int
    var length: Int
    var destination: Endpoint
    var deed: Deed
  }

  private var storage: MessageWriter
  private var entries: [Entry] = []
  /// How many entries are for streams.
  package private(set) var streamCount = 0
  /// Messages that did not fit, or for which no connection or socket was to be had, and that were
  /// left out.
  package private(set) var dropped = 0
  /// The connections.
  package var connections: ConnectionTable
  /// Our addresses: of several sockets, a datagram gets its own when it is appended.
  package var own = OwnAddresses() {
    didSet { hasSockets = own.hasSockets }
  }
  private var hasSockets = false

  /// Makes room for about `bytes` of messages; grows up to `limit`.
  package init(
    bytes: Int = 65_536,
    limit: Int = 16 << 20,
    connections: ConnectionTable.Limits = ConnectionTable.Limits()
  ) {
    storage = MessageWriter(capacity: bytes, limit: limit)
    entries.reserveCapacity(64)
    self.connections = ConnectionTable(limits: connections)
  }

  package var count: Int { entries.count }
  package var isEmpty: Bool { entries.isEmpty }

  /// Appends a copy of a message.
  ///
  /// - Returns: Where it goes, by which connection; nil when it was left out.
  @discardableResult
  package mutating func append(_ message: ByteView, to destination: Endpoint) -> Endpoint? {
    append(to: destination) { $0.write(message) }
  }

  /// Appends a message that `write` writes in place.
  ///
  /// - Returns: Where it goes, by which connection; nil when it was left out.
  @discardableResult
  package mutating func append(
    to destination: Endpoint,
    _ write: (inout MessageWriter) -> Void
  ) -> Endpoint? {
    let start = storage.count
    write(&storage)
    let length = storage.count - start
    guard !storage.overflowed, length <= 65_507 else {
      storage.truncate(to: start)
      dropped += 1
      return nil
    }
    var entry = Entry(offset: start, length: length, destination: destination, deed: .send)
    if destination.transport.isStream {
      guard let (endpoint, isNew) = connections.route(destination) else {
        storage.truncate(to: start)
        dropped += 1
        return nil
      }
      entry.destination = endpoint
      if isNew { entry.deed = .open }
      streamCount += 1
    } else if hasSockets {
      let own = own.address(toward: destination)
      guard own.family == destination.family else {
        storage.truncate(to: start)
        dropped += 1
        return nil
      }
      entry.destination.connection = own.connection
    } else {
      // What a store has from before may name one of several that there were.
      entry.destination.connection = 0
    }
    entries.append(entry)
    return entry.destination
  }

  /// Closes a connection when everything that was appended before has been sent.
  ///
  /// - Returns: Whether it had been open; nil when it was not there.
  @discardableResult
  package mutating func close(_ connection: UInt64) -> Bool? {
    guard let peer = connections.peer(of: connection) else { return nil }
    entries.append(Entry(offset: storage.count, length: 0, destination: peer, deed: .close))
    streamCount += 1
    return connections.remove(connection)
  }

  /// The bytes and destination of one message; valid until the queue is next changed.
  package subscript(index: Int) -> (bytes: ByteView, destination: Endpoint) {
    let entry = entries[index]
    return (
      storage.bytes.view(from: entry.offset, to: entry.offset + entry.length), entry.destination
    )
  }

  /// What an entry asks of a stream.
  package func deed(at index: Int) -> Deed { entries[index].deed }

  /// The connection or socket that an entry goes by; 0: the only socket that there is.
  package func connection(at index: Int) -> UInt64 { entries[index].destination.connection }

  /// Whether an entry goes by a stream.
  package func isStream(at index: Int) -> Bool { entries[index].destination.transport.isStream }

  /// Shows every entry in order; that of a connection to close has no bytes.
  package func forEach(_ body: (ByteView, Endpoint) -> Void) {
    for index in 0..<entries.count {
      let (bytes, destination) = self[index]
      body(bytes, destination)
    }
  }

  /// Forgets every message; keeps the memory and the connections.
  package mutating func removeAll() {
    entries.removeAll(keepingCapacity: true)
    storage.removeAll()
    streamCount = 0
  }

  /// Forgets the first so many entries; keeps the memory.
  package mutating func removeFirst(_ number: Int) {
    guard number < entries.count else { return removeAll() }
    let bytes = entries[number].offset
    if streamCount > 0 {
      for entry in entries[..<number] where entry.destination.transport.isStream {
        streamCount -= 1
      }
    }
    entries.removeFirst(number)
    for index in entries.indices { entries[index].offset -= bytes }
    storage.removeFirst(bytes)
  }
}
