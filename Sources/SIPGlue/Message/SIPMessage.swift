// The second depth of reading: libosip2's parse, made when somebody asks for meaning.
//
// The message owns what libosip2 allocated and never leaves SIPGlue. Everything it hands out is a
// copy as plain Swift values. libosip2 is started once per process, with a silent trace.

internal import COSIPShim

/// Why libosip2 refused a message.
package enum SIPParseError: Error, Equatable {
  case tooLong
  /// libosip2's own code.
  case syntax(Int32)
}

/// The owner of one parsed message.
@safe
package struct SIPMessage: ~Copyable {
  let pointer: UnsafeMutablePointer<osip_message_t>

  /// Parses a whole message.
  package init(parsing bytes: ByteView) throws(SIPParseError) {
    guard bytes.count <= Int(UInt16.max) else { throw .tooLong }
    guard rs_osip_start() == OSIP_SUCCESS else { throw .syntax(OSIP_API_NOT_INITIALIZED) }
    var made: UnsafeMutablePointer<osip_message_t>?
    guard unsafe osip_message_init(&made) == OSIP_SUCCESS, let made = unsafe made else {
      throw .syntax(OSIP_NOMEM)
    }
    let result = unsafe bytes.withUnsafeBytes { buffer in
      unsafe osip_message_parse(made, buffer.bindMemory(to: CChar.self).baseAddress, buffer.count)
    }
    guard result == OSIP_SUCCESS else {
      unsafe osip_message_free(made)
      throw .syntax(result)
    }
    unsafe pointer = made
  }

  deinit { unsafe osip_message_free(pointer) }

  package var isRequest: Bool { unsafe rs_is_request(pointer) != 0 }

  /// 0 for a request.
  package var statusCode: Int { unsafe Int(pointer.pointee.status_code) }

  package var method: String { unsafe text(pointer.pointee.sip_method) }

  /// The Content-Length; nil when absent or not a number.
  package var contentLength: Int? {
    guard let header = unsafe pointer.pointee.content_length else { return nil }
    return Int(unsafe text(header.pointee.value))
  }

  /// The tag of From; nil when there is none.
  package var fromTag: String? {
    guard let from = unsafe pointer.pointee.from else { return nil }
    return unsafe parameter("tag", of: from.pointee.gen_params)
  }

  /// The tag of To; nil when there is none.
  package var toTag: String? {
    guard let to = unsafe pointer.pointee.to else { return nil }
    return unsafe parameter("tag", of: to.pointee.gen_params)
  }

  /// The Call-ID; nil when there is none.
  package var callID: String? {
    guard let header = unsafe pointer.pointee.call_id else { return nil }
    let number = unsafe text(header.pointee.number)
    guard let host = unsafe header.pointee.host else { return number }
    return unsafe number + "@" + text(host)
  }

  /// The CSeq as number and method; nil when there is none.
  package var sequence: (number: String, method: String)? {
    guard let header = unsafe pointer.pointee.cseq else { return nil }
    return unsafe (text(header.pointee.number), text(header.pointee.method))
  }

  /// Writes Via, Call-ID and CSeq lines as libosip2 understood them; false when one is missing.
  package func writeCore(to writer: inout MessageWriter) -> Bool {
    let vias = self.vias
    guard !vias.isEmpty, let callID, let sequence else { return false }
    for via in vias { writer.header("Via", via.text) }
    writer.header("Call-ID", callID)
    writer.header("CSeq", "\(sequence.number) \(sequence.method)")
    return true
  }

  /// Whether an envelope says the same as libosip2 about what transactions and dialogs live by.
  package func agrees(on envelope: Envelope, in bytes: ByteView) -> Bool {
    disagreement(with: envelope, in: bytes) == nil
  }

  /// The first field on which an envelope and libosip2 differ.
  package func disagreement(with envelope: Envelope, in bytes: ByteView) -> String? {
    func same(_ slice: ByteSlice, _ text: String?) -> Bool {
      (text ?? "").withByteView { bytes[slice].equals($0) }
    }
    if !same(envelope.callID, callID) { return "Call-ID" }
    guard let sequence, UInt32(sequence.number) == envelope.sequence,
      same(envelope.sequenceMethodText, sequence.method)
    else { return "CSeq" }
    if !same(envelope.from.tag, fromTag) { return "From tag" }
    if !same(envelope.to.tag, toTag) { return "To tag" }
    guard let via = vias.first else { return "Via" }
    let slices = envelope.topVia
    if !same(slices.transport, via.transport) { return "Via transport" }
    if via.host != bytes[slices.host].withoutBrackets.string { return "Via host" }
    if (UInt16(via.port ?? "0") ?? 0) != slices.port { return "Via port" }
    if !same(slices.branch, via.parameter("branch")) { return "Via branch" }
    if !same(slices.received, via.parameter("received")) { return "Via received" }
    if (slices.responsePort != .absent) != via.hasParameter("rport") { return "Via rport" }
    // Where the header is absent libosip2 puts in the length of the body that it found.
    let length =
      envelope.contentLength >= 0 ? Int(envelope.contentLength) : Int(envelope.body.length)
    if let contentLength, contentLength != length { return "Content-Length" }
    return isRequest == envelope.isRequest ? nil : "kind"
  }
}

extension ByteView {
  /// The address without the brackets of an IPv6 reference.
  package var withoutBrackets: ByteView {
    guard count > 2, self[0] == UInt8(ascii: "["), self[count - 1] == UInt8(ascii: "]") else {
      return self
    }
    return view(from: 1, to: count - 1)
  }
}

extension MessageWriter {
  /// Appends "name: value" and a line end.
  package mutating func header(_ name: StaticString, _ value: String) {
    value.withByteView { header(name, $0) }
  }
}
