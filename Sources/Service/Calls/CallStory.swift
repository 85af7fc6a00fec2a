internal import Engine
internal import SIPGlue
internal import Wire

/// What is kept of a call: what was said on the line, and what the engine announced.
struct CallStory: Sendable {
  /// Its name.
  var connID: ConnID
  /// What instant zero is, in nanoseconds since 1970.
  var epoch: UInt64
  /// Its messages; nil: they are not kept, or not any more.
  var captured: CapturedCall?
  /// Its events, as far as they are kept.
  var events: [Event]
}

extension ShardLoop {
  /// The call that somebody means; alive or over.
  func call(named name: String) -> ConnID? {
    shard.lastCall(where: { $0.isNamed(name) }) ?? ConnID(text: name)
      ?? line.telephony.capturedCall(withCallID: name)
  }

  /// What is kept of the call that somebody means; nil: nothing.
  ///
  /// Of several that have the name, the last one whose messages are kept. The consult call of a
  /// REFER has none: they are with the call that is sent on.
  func story(of name: String) -> CallStory? {
    let told = shard.lastCall {
      $0.isNamed(name) && line.telephony.isCaptured($0.attributes.connID)
    }
    guard let call = told ?? call(named: name) else { return nil }
    let captured = line.telephony.captured(call)
    let events = line.log.events(of: call, since: began(call, captured))
    guard captured != nil || !events.isEmpty else { return nil }
    return CallStory(connID: call, epoch: epoch, captured: captured, events: events)
  }

  /// No event of a call is older than this.
  private func began(_ call: ConnID, _ captured: CapturedCall?) -> UInt64 {
    if let captured { return epoch + captured.began.nanoseconds }
    // The upper half of a ConnID is the second of the process's start.
    return call.value >> 32 * 1_000_000_000
  }
}

extension CallStory {
  /// The story as one JSON object.
  var text: String {
    var writer = JSONWriter(capacity: 1 << 16)
    writer.beginObject()
    writer.key("ConnID")
    writer.value(connID.text)
    if let captured {
      writer.key("began")
      writer.time(epoch + captured.began.nanoseconds)
      if let ended = captured.ended {
        writer.key("ended")
        writer.time(epoch + ended.nanoseconds)
      }
      writer.key("lost")
      writer.value(UInt64(captured.lost))
      writer.key("lost_after")
      writer.value(UInt64(captured.lostAfter))
      writer.key("messages")
      writer.beginArray()
      for message in captured.messages { write(message, to: &writer) }
      writer.endArray()
    }
    writer.key("events")
    writer.beginArray()
    for event in events { writer.value(event) }
    writer.endArray()
    writer.endObject()
    return writer.text
  }

  private func write(_ message: CapturedMessage, to writer: inout JSONWriter) {
    writer.beginObject()
    writer.key("time")
    writer.time(epoch + message.at.nanoseconds)
    writer.key("direction")
    writer.value(message.isReceived ? "in" : "out")
    writer.key("transport")
    writer.value(message.transport.rawValue)
    writer.key("own")
    writer.value(HostAndPort.text(host: message.own.host, port: message.own.port))
    writer.key("peer")
    writer.value(HostAndPort.text(host: message.peer.host, port: message.peer.port))
    writer.key("length")
    writer.value(UInt64(message.length))
    // JSON is text: what is not goes in another spelling.
    let text = String(decoding: message.bytes, as: UTF8.self)
    if text.utf8.elementsEqual(message.bytes), !message.bytes.contains(0) {
      writer.key("text")
      writer.value(text)
    } else {
      writer.key("base64")
      writer.value(Base64.text(of: message.bytes))
    }
    writer.endObject()
  }
}
