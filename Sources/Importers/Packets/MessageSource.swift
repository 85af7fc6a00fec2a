/// What may be SIP messages, from packets: payloads of datagrams, and what streams are cut into.
struct MessageSource {
  /// What was found.
  struct Found {
    var bytes: ArraySlice<UInt8>
    var flow: Flow
    var at: Int64
  }

  private var decoder = PacketDecoder()
  private var streams = StreamTable()

  /// TCP segments that were there already.
  var retransmissions: Int { streams.retransmissions }
  /// Places of TCP streams where segments are missing.
  var gaps: Int { streams.gaps }
  /// Packets with a layer that is not understood, by its name.
  var strange: [String: Int] { decoder.strange }

  /// Takes a packet; what it completes is handed out.
  mutating func take(_ packet: CaptureFile.Packet, link: Int32) -> [Found] {
    var found: [Found] = []
    for segment in decoder.decode(packet, link: link) {
      if segment.flow.transport == Flow.tcp {
        for message in streams.take(segment) {
          found.append(Found(bytes: message[...], flow: segment.flow, at: segment.at))
        }
      } else if !segment.payload.isEmpty {
        found.append(Found(bytes: segment.payload.slice, flow: segment.flow, at: segment.at))
      }
    }
    return found
  }

  /// What is left when the capture ends.
  mutating func finish() -> [Found] {
    streams.finish().map { Found(bytes: $0.message[...], flow: $0.flow, at: $0.at) }
  }
}

/// The SIP messages of a capture as they are, for whoever has a parser to try on them.
package enum CaptureMessages {
  /// A message.
  package struct Message: Sendable {
    /// Its bytes, of a datagram all of them.
    package var bytes: [UInt8]
    /// Whether it came by TCP.
    package var isStream: Bool
  }

  /// Reads the messages of a capture: what begins with a first line of SIP.
  ///
  /// - Parameter path: The capture.
  /// - Returns: The messages in their order, and how many packets there were.
  /// - Throws: Why it cannot be read.
  package static func all(in path: String) throws(ImportError) -> (
    packets: Int, messages: [Message]
  ) {
    let capture = try CaptureFile(path)
    var source = MessageSource()
    var found: [MessageSource.Found] = []
    while let packet = try capture.next() { found += source.take(packet, link: capture.link) }
    found += source.finish()
    let messages = found.filter { SIPText($0.bytes) != nil }.map {
      Message(bytes: Array($0.bytes), isStream: $0.flow.transport == Flow.tcp)
    }
    return (capture.count, messages)
  }
}
