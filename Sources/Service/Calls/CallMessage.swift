internal import SIPGlue
package import Wire

/// A SIP message of a call, as a running server tells of it.
package struct CallMessage: Sendable, Hashable {
  /// When it was read or sent, in nanoseconds since 1970.
  package var time: UInt64
  /// The same as text.
  package var stamp: String
  /// Whether it came from the other side.
  package var isReceived: Bool
  /// `udp`, `tcp` or `tls`.
  package var transport: String
  /// Our address with its port.
  package var own: String
  /// The other side's address with its port.
  package var peer: String
  /// What is kept of it.
  package var bytes: [UInt8]
  /// How many bytes it had.
  package var length: Int

  /// Reads a message from the answer of a server; nil when it is none.
  package init?(_ value: JSONValue) {
    guard let stamp = value["time"]?.string, let time = nanoseconds(ofTime: stamp),
      let direction = value["direction"]?.string, let transport = value["transport"]?.string,
      let own = value["own"]?.string, let peer = value["peer"]?.string
    else { return nil }
    self.time = time
    self.stamp = stamp
    isReceived = direction == "in"
    self.transport = transport
    self.own = own
    self.peer = peer
    if let text = value["text"]?.string {
      bytes = Array(text.utf8)
    } else if let bytes = value["base64"]?.string.flatMap({ Base64.bytes(of: $0) }) {
      self.bytes = bytes
    } else {
      return nil
    }
    length = value["length"]?.integer.map { Int(clamping: $0) } ?? bytes.count
  }

  /// Of a request who sends it to whom: the user parts of From and Request-URI.
  package var ends: (from: String, to: String) {
    let summary = summary
    return (summary.from, summary.user)
  }

  /// The messages of a server's answer about a call; nil when it keeps none of it.
  package static func all(of story: JSONValue) -> [CallMessage]? {
    story["messages"]?.elements?.compactMap { CallMessage($0) }
  }
}

extension CallMessage {
  /// What a ladder shows of a message.
  struct Summary: Hashable {
    /// 0: a request.
    var status = 0
    /// Of a response the method that it answers.
    var method = ""
    /// Of a response its reason phrase.
    var reason = ""
    /// Of a request whom it is addressed to.
    var user = ""
    var callID = ""
    /// The user parts of From and To.
    var from = ""
    var to = ""
    /// Whether it belongs to a dialog that is there already.
    var isInDialog = false
    /// The type of its body; empty when it has none.
    var bodyType = ""
  }

  /// Reads what a ladder shows of it; of what is broken as much as can be read.
  var summary: Summary {
    bytes.withByteView { view in
      var reader = MessageReader()
      let received = reader.read(view)
      let envelope = received.envelope
      let bytes = received.bytes
      func user(_ slice: ByteSlice) -> String {
        let text = bytes[slice]
        guard let uri = SIPURI(text) else { return "" }
        let user = uri.userText(in: text)
        return user.isEmpty ? uri.hostText(in: text) : user
      }
      var summary = Summary()
      summary.status = Int(envelope.statusCode)
      summary.method =
        bytes[
          envelope.isRequest ? envelope.methodText : envelope.sequenceMethodText
        ].string
      summary.reason = bytes[envelope.reason].string
      summary.user = user(envelope.requestURI)
      summary.callID = bytes[envelope.callID].string
      summary.from = user(envelope.from.uri)
      summary.to = user(envelope.to.uri)
      summary.isInDialog = !envelope.to.tag.isEmpty
      if !envelope.body.isEmpty {
        let type = bytes[envelope.contentType].string
        summary.bodyType = String(type.prefix { $0 != ";" && $0 != " " })
      }
      return summary
    }
  }
}
