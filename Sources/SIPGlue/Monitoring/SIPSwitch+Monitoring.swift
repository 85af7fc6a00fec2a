// The questions to fixed contacts, and what their answers mean.

internal import Engine

extension SIPSwitch {
  /// Asks those whose time has come.
  mutating func runMonitors(at now: Instant) {
    while let index = monitors.popDue(at: now) {
      if let question = monitors.watches[index].question {
        table.abandon(question)
        monitors.watches[index].question = nil
        missed(index, at: now)
      }
      ask(index, at: now)
    }
  }

  /// A final answer, or 408 for none.
  mutating func monitored(_ raw: UInt32, _ status: UInt16, at now: Instant) {
    let index = Int(raw)
    guard index < monitors.watches.count else { return }
    monitors.watches[index].question = nil
    guard status != 408, status != 503 else { return missed(index, at: now) }
    monitors.watches[index].misses = 0
    settle(index, isOut: false, at: now)
  }

  private mutating func missed(_ index: Int, at now: Instant) {
    monitors.watches[index].misses += 1
    guard monitors.watches[index].misses >= monitors.watches[index].plan.failures else { return }
    monitors.watches[index].misses = monitors.watches[index].plan.failures
    settle(index, isOut: true, at: now)
  }

  private mutating func settle(_ index: Int, isOut: Bool, at now: Instant) {
    guard monitors.watches[index].isOut != isOut else { return }
    monitors.watches[index].isOut = isOut
    monitors.armAgain(index, at: now)
    if let change = registrar.mark(monitors.watches[index].dn, isOut: isOut) {
      changes.append(change)
      signalChanges()
      tellSubscribers(at: now)
    }
  }

  /// Sends OPTIONS; when there is no room or no way, that counts as no answer.
  private mutating func ask(_ index: Int, at now: Instant) {
    monitors.watches[index].sequence += 1
    let watch = monitors.watches[index]
    let branch = tokens.next()
    let tag = tokens.next()
    let callID = tokens.next()
    let found = watch.uri.withByteView { NextHop.endpoint(of: $0, unsaid: standardTransport) }
    guard let hop = found else { return missed(index, at: now) }
    var texts = MessageWriter(capacity: 256)
    scratch.removeAll()
    watch.uri.withByteView { uri in
      texts.write("<sip:")
      texts.write(domain.bytes)
      texts.write(">;tag=")
      texts.write(tag)
      let from = texts.slice(from: 0)
      var start = texts.count
      texts.write(byte: UInt8(ascii: "<"))
      texts.write(uri)
      texts.write(byte: UInt8(ascii: ">"))
      let to = texts.slice(from: start)
      start = texts.count
      texts.write(callID)
      let call = texts.slice(from: start)
      scratch.begin(
        RequestHead(
          method: .options,
          uri: uri,
          branch: branch,
          sentBy: table.own.address(toward: hop),
          from: texts.bytes[from],
          to: texts.bytes[to],
          callID: texts.bytes[call],
          sequence: watch.sequence
        )
      )
    }
    scratch.header("Accept", "application/sdp")
    scratch.finish()
    let owner = Owner(.monitor, Slot(index: UInt32(index), generation: 0))
    let request = ClientRequest(
      method: .options,
      branch: branch,
      destination: hop,
      owner: owner.raw
    )
    monitors.watches[index].question = send(request, at: now)
    if monitors.watches[index].question == nil { missed(index, at: now) }
  }
}
