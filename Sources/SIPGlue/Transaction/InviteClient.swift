// INVITE client transactions: RFC 3261 17.1.1, RFC 6026 7.2; CANCEL as RFC 3261 9.1.

package import Engine

extension TransactionTable {
  /// Sends a request and keeps it for retransmission; nil when the table is full, or when no
  /// connection is to be had.
  package mutating func send(
    _ request: ByteView,
    as client: ClientRequest,
    at now: Instant,
    into out: inout OutgoingQueue
  ) -> TransactionHandle? {
    guard request.count <= 65_507, let slot = takeSlot() else { return nil }
    guard let way = out.append(request, to: client.destination) else {
      giveBackUnused(slot)
      return nil
    }
    // The address stays the one that was meant: that of a peer who has connected leads nowhere
    // once his connection is lost.
    var destination = client.destination
    destination.connection = way.connection
    records[slot].kind = client.method == .invite ? .inviteClient : .nonInviteClient
    records[slot].method = client.method
    records[slot].peer = destination
    records[slot].datagramWay = client.datagramSocket.map { UInt8(clamping: $0 + 1) } ?? 0
    records[slot].owner = client.owner
    records[slot].request = pool.take(copying: request)
    records[slot].requestLength = UInt16(request.count)
    start(slot, hash: clientHash(client.branch, client.method))
    if destination.transport.isStream {
      awaitOnConnection(slot)
      armLife(slot, .doubled(6), at: now)  // B or F
    } else {
      armRetry(slot, .doubled(0), at: now)  // A or E; B or F follows with the first retransmission
    }
    return handle(of: slot)
  }

  /// Matches a response.
  ///
  /// Failures of INVITE are acknowledged here, known retransmissions absorbed.
  package mutating func receive(
    response: borrowing Received,
    at now: Instant,
    into out: inout OutgoingQueue
  ) -> ResponseOutcome {
    let envelope = response.envelope
    guard let branch = SIPToken(branch: response.bytes[envelope.topVia.branch]),
      let slot = findClient(branch, envelope.sequenceMethod)
    else { return .stray }
    let outcome =
      records[slot].kind == .inviteClient
      ? receiveInvite(response, slot, at: now, into: &out)
      : receiveNonInvite(response, slot, at: now)
    return records[slot].isInternal ? .absorbed(handle(of: slot)) : outcome
  }

  /// Sends the dialog's ACK to a success, and sends it again whenever that success is repeated.
  package mutating func acknowledge(
    _ handle: TransactionHandle,
    with ack: ByteView,
    to destination: Endpoint,
    into out: inout OutgoingQueue
  ) {
    out.append(ack, to: destination)
    guard let slot = slot(of: handle), records[slot].kind == .inviteClient,
      records[slot].state == .accepted, ack.count <= 65_507
    else { return }
    keep(ack, in: slot)
    records[slot].peer = destination
  }

  /// Forgets the ACK to a success whose dialog is over: what is repeated now was on its way.
  package mutating func forgetAcknowledgement(_ handle: TransactionHandle) {
    guard let slot = slot(of: handle), records[slot].kind == .inviteClient,
      records[slot].state == .accepted, records[slot].lastLength > 0
    else { return }
    forgetLast(slot)
    records[slot].isAcknowledged = true
  }

  /// Cancels our INVITE: at once when a provisional answer has come, else as soon as one comes.
  ///
  /// False when it has been answered finally. The final answer (usually 487) still arrives; without
  /// one, `timedOut` comes 64 T1 later (RFC 3261 9.1).
  @discardableResult
  package mutating func cancel(
    _ handle: TransactionHandle,
    because cause: CancelCause = .unsaid,
    at now: Instant,
    into out: inout OutgoingQueue
  ) -> Bool {
    guard let slot = slot(of: handle), records[slot].kind == .inviteClient else { return false }
    if !records[slot].isCancelled { records[slot].cancelCause = cause }
    switch records[slot].state {
    case .trying:
      records[slot].wantsCancel = true
      return true
    case .proceeding:
      sendCancel(slot, at: now, into: &out)
      return true
    case .free, .completed, .confirmed, .accepted: return false
    }
  }

  private mutating func receiveInvite(
    _ response: borrowing Received,
    _ slot: Int,
    at now: Instant,
    into out: inout OutgoingQueue
  ) -> ResponseOutcome {
    let status = response.envelope.statusCode
    let handle = handle(of: slot)
    switch records[slot].state {
    case .trying, .proceeding:
      records[slot].status = status
      if status < 200 {
        enterProceeding(slot, at: now, into: &out)
        return .provisional(handle)
      }
      records[slot].retryStamp = 0
      if status < 300 {
        records[slot].state = .accepted
        records[slot].tagHash = hashOfTag(response)
        stopWaiting(slot)
        armLife(slot, .doubled(6), at: now)  // M
      } else {
        records[slot].state = .completed
        writeAcknowledgement(of: response, slot)
        sendLast(slot, to: records[slot].peer, into: &out)
        armLife(slot, records[slot].isReliable ? .atOnce : .d, at: now)
      }
      pool.give(back: &records[slot].request)
      return .final(handle)
    case .completed:
      if status >= 300 { sendLast(slot, to: records[slot].peer, into: &out) }
      return .absorbed(handle)
    case .accepted:
      guard status >= 200, status < 300 else { return .absorbed(handle) }
      guard records[slot].tagHash == hashOfTag(response) else { return .otherSuccess(handle) }
      if records[slot].isAcknowledged { return .successAgain(handle) }
      sendLast(slot, to: records[slot].peer, into: &out)
      return .absorbed(handle)
    case .free, .confirmed: return .stray
    }
  }

  private mutating func enterProceeding(
    _ slot: Int,
    at now: Instant,
    into out: inout OutgoingQueue
  ) {
    if records[slot].state == .trying {
      records[slot].state = .proceeding
      records[slot].retryStamp = 0
      records[slot].lifeStamp = 0
    }
    if records[slot].wantsCancel { sendCancel(slot, at: now, into: &out) }
  }

  private mutating func sendCancel(_ slot: Int, at now: Instant, into out: inout OutgoingQueue) {
    guard !records[slot].isCancelled else { return }
    records[slot].isCancelled = true
    records[slot].wantsCancel = false
    armLife(slot, .doubled(6), at: now)
    scratch.removeAll()
    let request = records[slot].request.view(Int(records[slot].requestLength))
    let branch = branch(of: slot)
    scratch.writeHopRequest(
      .cancel,
      about: Envelope(scanning: request),
      in: request,
      reason: records[slot].cancelCause.reason
    )
    guard !scratch.overflowed else { return }
    let client = ClientRequest(
      method: .cancel,
      branch: branch,
      destination: records[slot].peer,
      owner: records[slot].owner
    )
    guard let handle = sendScratch(as: client, at: now, into: &out) else { return }
    records[Int(handle.index)].isInternal = true
  }

  /// `send` of what the scratch buffer holds, which `send` itself does not touch.
  private mutating func sendScratch(
    as client: ClientRequest,
    at now: Instant,
    into out: inout OutgoingQueue
  ) -> TransactionHandle? {
    let bytes = scratch.bytes
    return send(bytes, as: client, at: now, into: &out)
  }

  /// RFC 3261 17.1.1.3: the ACK to a failure, with the To of the response.
  private mutating func writeAcknowledgement(of response: borrowing Received, _ slot: Int) {
    scratch.removeAll()
    let request = records[slot].request.view(Int(records[slot].requestLength))
    scratch.writeHopRequest(
      .ack,
      about: Envelope(scanning: request),
      in: request,
      to: response.bytes[response.envelope.to.value]
    )
    guard !scratch.overflowed else { return }
    keep(scratch.bytes, in: slot)
  }

  /// Timer A.
  package mutating func repeatInvite(_ slot: Int, at now: Instant, into out: inout OutgoingQueue) {
    guard records[slot].state == .trying else { return }
    out.append(
      records[slot].request.view(Int(records[slot].requestLength)),
      to: records[slot].peer
    )
    if records[slot].tries == 0 { armLife(slot, .rest, at: now) }  // B
    records[slot].tries = min(records[slot].tries + 1, 6)
    armRetry(slot, .doubled(records[slot].tries), at: now)
  }
}

extension MessageWriter {
  /// Writes the ACK or CANCEL that belongs to an INVITE of ours: same target, Via, Call-ID, number.
  fileprivate mutating func writeHopRequest(
    _ method: SIPMethod,
    about envelope: Envelope,
    in invite: ByteView,
    to: ByteView? = nil,
    reason: StaticString = ""
  ) {
    write(method.name)
    write(byte: 0x20)
    write(invite[envelope.requestURI])
    write(" SIP/2.0\r\n")
    header("Via", invite[envelope.topVia.value])
    write(invite[envelope.routeLines])
    header("Max-Forwards", "70")
    header("From", invite[envelope.from.value])
    header("To", to ?? invite[envelope.to.value])
    header("Call-ID", invite[envelope.callID])
    write("CSeq: ")
    write(decimal: UInt64(envelope.sequence))
    write(byte: 0x20)
    write(method.name)
    write("\r\n")
    if reason.utf8CodeUnitCount > 0 { header("Reason", ByteView(reason)) }
    finish()
  }
}
