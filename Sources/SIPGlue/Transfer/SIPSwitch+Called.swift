// A called party that its caller sends on: from the transfer on it makes the call.
//
// Who calls is read from an INVITE everywhere: for headers, by strategies, by the next process. The
// called party has sent none, so one is written in its name, and nobody ever receives it.

internal import Engine

extension SIPSwitch {
  /// A leg that was the target of the held call is the caller of another one, whose name and place
  /// are the held call's.
  mutating func becomeCaller(_ party: Slot, of slot: Slot, in held: Call) {
    legs[party].side = .caller
    map.removeFirst(held.mergeKey)
    // Another INVITE is another row.
    keeper.forget(held.kept, isUrgent: true)
    var call = calls[slot]
    call.kept = Kept()
    nameCaller(of: &call, party, in: held)
    calls[slot] = call
  }

  /// Gives a call the INVITE that the called party of the held call has not sent.
  mutating func nameCaller(of call: inout Call, _ party: Slot, in held: Call) {
    let hop = legs[party].hop
    let text = legs[party].text.bytes
    lines.removeAll()
    lines.write("<sip:")
    let start = lines.count
    if let dn = held.reached {
      dn.number.withByteView { lines.writeUser($0) }
    } else if let uri = SIPURI(text[legs[party].target]) {
      lines.write(text[legs[party].target][uri.user])
    }
    let user = lines.slice(from: start)
    lines.write(byte: UInt8(ascii: "@"))
    lines.write(domain.bytes)
    lines.write(">;tag=")
    lines.write(text[legs[party].remoteTag])
    let from = lines.slice(from: 0)
    let toStart = lines.count
    lines.write("<sip:")
    lines.write(entries[call.entry].text.bytes)
    lines.write(byte: UInt8(ascii: "@"))
    lines.write(domain.bytes)
    lines.write(">")
    let to = lines.slice(from: toStart)
    scratch.removeAll()
    scratch.begin(
      RequestHead(
        method: .invite,
        uri: text[legs[party].target],
        branch: tokens.next(),
        sentBy: table.own.address(toward: hop),
        from: lines.bytes[from],
        to: lines.bytes[to],
        callID: text[legs[party].callID],
        sequence: 1
      )
    )
    scratch.write("Contact: <")
    scratch.write(text[legs[party].target])
    scratch.write(">\r\n")
    // What he has described, where that is kept.
    let caller = held.caller.flatMap { legs.contains($0) ? $0 : nil }
    if let description = caller.flatMap({ legs[$0].description }) {
      scratch.finish(body: description.bytes, type: ByteView("application/sdp"))
    } else {
      scratch.finish(body: .empty, type: .empty)
    }
    let isExtension = registrar.isExtension(DN(lines.bytes[user].string))
    lines.removeAll()
    let invite = texts.make(scratch.bytes)
    let envelope = Envelope(scanning: invite.bytes)
    // With something odd in its Contact the party goes by the held call's INVITE.
    guard !envelope.isOdd else { return texts.free(invite) }
    texts.free(call.invite)
    call.invite = invite
    call.envelope = envelope
    call.envelope.body = .none
    call.source = hop
    call.mergeKey = tokens.next().value
    call.hasHistory = false
    // Of whom is ours we say ourselves who he is.
    call.isTrusted = !isExtension
  }
}
