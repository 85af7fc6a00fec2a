internal import Engine
internal import SIPGlue
internal import Wire

extension RefusedRequest {
  /// Refused requests as one JSON object.
  static func text(of requests: [RefusedRequest], epoch: UInt64) -> String {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("refused")
    writer.beginArray()
    for request in requests {
      writer.beginObject()
      writer.key("time")
      writer.time(epoch + request.at.nanoseconds)
      for (key, value) in [
        ("peer", HostAndPort.text(host: request.peer.host, port: request.peer.port)),
        ("transport", request.transport.rawValue), ("method", request.method),
        ("from", request.from), ("to", request.to), ("answer", request.answer),
      ] {
        writer.key(key)
        writer.value(value)
      }
      writer.endObject()
    }
    writer.endArray()
    writer.endObject()
    return writer.text
  }
}
