import Engine
import Foundation
import SIPGlue
import Testing

@Suite("A switch on connections")
struct StreamSwitchTests {
  typealias World = StreamWorld

  @Test("A caller on TCP and a phone on UDP: each side sees its own transport, nothing is left")
  func callerOnTCP() throws {
    let world = try World()
    let caller = try #require(world.connect())
    world.say(World.request("INVITE", extra: "X-A: b\r\n"), on: caller)
    world.divert(to: "7002")
    let invite = try #require(world.sent.last)
    #expect(invite.to.transport == .udp && invite.to.port == 7002)
    let read = try #require(invite.message)
    #expect(read["via"].hasPrefix("SIP/2.0/UDP 127.0.0.1:5060;"))
    #expect(read["contact"] == "<sip:8000@127.0.0.1:5060>")
    #expect(read["x-a"] == "b")
    world.say(
      World.answer(180, to: invite.text, contact: "sip:7002@127.0.0.1:7002"),
      fromPort: 7002
    )
    world.say(
      World.answer(200, to: invite.text, contact: "sip:7002@127.0.0.1:7002"),
      fromPort: 7002
    )
    let replies = world.sent.filter { $0.to.connection == caller }
    #expect(replies.compactMap { $0.message?.status } == [100, 180, 200])
    #expect(replies.last?.message?["contact"] == "<sip:8000@127.0.0.1:5062;transport=tcp>")
    let to = replies.last?.message?["to"] ?? ""
    world.say(World.request("ACK", branch: "2", to: to), on: caller)
    world.say(World.request("BYE", branch: "3", to: to, number: 2), on: caller)
    let bye = try #require(world.sent.last { $0.text.hasPrefix("BYE") })
    #expect(bye.to.transport == .udp)
    world.say(World.answer(200, to: bye.text, contact: "sip:7002@127.0.0.1:7002"), fromPort: 7002)
    // Timers I, J and K are zero only on the stream.
    world.run(64)
    #expect(world.isIdle)
    world.lose(caller)
    #expect(world.hasNoConnections)
  }

  @Test("A caller on UDP and a phone on TCP: one connection for the dialog, none for the caller")
  func phoneOnTCP() throws {
    let world = try World()
    let request = World.request(
      "INVITE",
      via: "UDP 127.0.0.1:6100",
      contact: "<sip:4420@127.0.0.1:6100>",
      extra: "Content-Type: application/sdp\r\n",
      body: "v=0\r\n"
    )
    world.say(request, fromPort: 6100)
    world.divert(to: "7003")
    let invite = try #require(world.sent.last)
    #expect(invite.deed == .open && invite.to.hasSamePlace(as: World.peer(7003)))
    let read = try #require(invite.message)
    #expect(read["via"].hasPrefix("SIP/2.0/TCP 127.0.0.1:5062;"))
    #expect(read["contact"] == "<sip:8000@127.0.0.1:5062;transport=tcp>")
    let phone = invite.to.connection
    world.line.connected(phone, at: world.instant)
    world.run(20)
    #expect(world.sent.filter { $0.text.hasPrefix("INVITE") }.count == 1, "timer A on a stream")
    // The success is repeated: so is the ACK, on the connection that there is.
    let answer = World.answer(
      200,
      to: invite.text,
      contact: "sip:7003@127.0.0.1:7003;transport=tcp"
    )
    world.say(answer, on: phone)
    world.say(answer, on: phone)
    let acks = world.sent.filter { $0.text.hasPrefix("ACK") }
    #expect(acks.map(\.to.connection) == [phone, phone])
    let reply = world.sent.last { $0.text.hasPrefix("SIP/2.0 200") }
    #expect(reply?.to.transport == .udp)
    #expect(reply?.message?["contact"] == "<sip:8000@127.0.0.1:5060>")
    #expect(world.connections == 1)
  }

  @Test("A registered phone is called on the connection that it registered on, while it lives")
  func registeredPhone() throws {
    let world = try World()
    let phone = try #require(world.connect(41_000))
    world.say(World.register("sip:7001@127.0.0.1:7009;transport=tcp"), on: phone)
    #expect(world.sent.last?.message?.status == 200)
    world.say(World.request("INVITE", via: "UDP 127.0.0.1:6100"), fromPort: 6100)
    world.divert(to: "7001")
    let first = try #require(world.sent.last)
    #expect(first.to.connection == phone && first.deed == .send)
    world.say(World.answer(486, to: first.text, contact: "sip:7001@a"), on: phone)
    #expect(world.failures == [.busy])
    world.lose(phone)
    world.divert(to: "7001")
    let second = try #require(world.sent.last)
    #expect(second.deed == .open && second.to.hasSamePlace(as: World.peer(7009)))
    world.lose(second.to.connection)
    #expect(world.failures == [.busy, .unreachable])
  }

  @Test("After a restart a caller on TCP is reached as his Contact says, on a new connection")
  func restarted() throws {
    let world = try World()
    world.line.keepsDialogs = true
    let caller = try #require(world.connect())
    world.say(World.request("INVITE"), on: caller)
    world.divert(to: "7002")
    let invite = try #require(world.sent.last)
    let contact = "sip:7002@127.0.0.1:7002"
    world.say(World.answer(200, to: invite.text, contact: contact), fromPort: 7002)
    let to = world.sent.last { $0.to.connection == caller }?.message?["to"] ?? ""
    world.say(World.request("ACK", branch: "2", to: to), on: caller)
    var rows: [UInt64: DialogRow] = [:]
    _ = world.line.takeDialogs(at: world.instant) { change in
      switch change {
      case .kept(let row): rows[row.id] = row
      case .gone(let id): rows[id] = nil
      }
    }
    let next = try World()
    let sorted = rows.values.sorted { $0.id < $1.id }
    let kept = next.line.restore(sorted, at: next.instant) { _ in true }
    #expect(kept.count == 1)
    next.take()
    let message = try #require(invite.message)
    let bye =
      "BYE sip:8000@127.0.0.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:7002;branch=z9hG4bKb\r\n"
      + "From: \(message["to"]);tag=t\r\nTo: \(message["from"])\r\nCall-ID: \(message.callID)\r\n"
      + "CSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n"
    next.say(bye, fromPort: 7002)
    let passed = try #require(next.sent.last { $0.text.hasPrefix("BYE") })
    #expect(passed.deed == .open && passed.to.hasSamePlace(as: World.peer(6100)))
  }

  @Test("Replies whose connection is lost go to the address in Via")
  func repliesAfterTheLoss() throws {
    let world = try World()
    let caller = try #require(world.connect())
    world.say(World.request("INVITE"), on: caller)
    world.lose(caller)
    #expect(world.sent.last?.deed == .close)
    world.divert(to: "7002")
    let invite = world.sent.last?.text ?? ""
    world.say(World.answer(180, to: invite, contact: "sip:7002@127.0.0.1:7002"), fromPort: 7002)
    let reply = try #require(world.sent.last)
    #expect(reply.message?.status == 180)
    #expect(reply.deed == .open && reply.to.hasSamePlace(as: World.peer(6100)))
  }

  @Test("A connection that is lost while the phone rings ends the attempt at once")
  func lostWhileRinging() throws {
    let world = try World()
    world.say(World.request("INVITE", via: "UDP 127.0.0.1:6100"), fromPort: 6100)
    world.divert(to: "7003")
    let invite = try #require(world.sent.last)
    let phone = invite.to.connection
    world.line.connected(phone, at: world.instant)
    world.say(World.answer(180, to: invite.text, contact: "sip:7003@a"), on: phone)
    world.run(3)
    #expect(world.failures.isEmpty)
    world.lose(phone)
    #expect(world.failures == [.unreachable])
    #expect(world.hasNoConnections)
  }

  @Test("A request on an old connection that turns out dead goes out once more, on a new one")
  func onceMore() throws {
    let world = try World()
    let phone = try #require(world.connect(41_000))
    world.say(World.register("sip:7001@127.0.0.1:7009;transport=tcp"), on: phone)
    world.say(World.request("INVITE", via: "UDP 127.0.0.1:6100"), fromPort: 6100)
    world.divert(to: "7001")
    world.lose(phone)
    let again = try #require(world.sent.last)
    #expect(again.deed == .open && again.text.hasPrefix("INVITE"))
    #expect(again.to.hasSamePlace(as: World.peer(7009)), "where his Contact says")
    #expect(world.failures.isEmpty)
    world.line.connected(again.to.connection, at: world.instant)
    world.lose(again.to.connection)
    #expect(world.failures == [.unreachable])
  }

  @Test("A peer that cannot be connected to is unreachable after eight seconds, not thirty-two")
  func noConnection() throws {
    let world = try World()
    world.say(World.request("INVITE", via: "UDP 127.0.0.1:6100"), fromPort: 6100)
    world.divert(to: "7003")
    world.run(3.9)
    #expect(world.failures.isEmpty)
    world.run(0.2)
    #expect(world.failures == [.unreachable])
    world.divert(to: "7004")
    #expect(world.failures == [.unreachable, .unreachable], "TLS, which we do not speak")
  }

  @Test("An INVITE too large for a datagram goes by TCP, and as a datagram when nobody is there")
  func tooLarge() throws {
    let world = try World()
    let body = "v=0\r\n" + String(repeating: "a=x\r\n", count: 300)
    let extra = "Content-Type: application/sdp\r\n"
    let request = World.request(
      "INVITE",
      via: "UDP 127.0.0.1:6100",
      contact: "<sip:4420@127.0.0.1:6100>",
      extra: extra,
      body: body
    )
    world.say(request, fromPort: 6100)
    world.divert(to: "7002")
    let large = try #require(world.sent.last)
    #expect(large.deed == .open && large.to.hasSamePlace(as: World.peer(7002)))
    #expect(large.message?["via"].hasPrefix("SIP/2.0/TCP 127.0.0.1:5062;") == true)
    #expect(large.message?.body == body)
    world.lose(large.to.connection)
    let small = try #require(world.sent.last)
    #expect(small.to.transport == .udp && small.to.port == 7002)
    #expect(small.message?["via"].hasPrefix("SIP/2.0/UDP 127.0.0.1:5060;") == true)
    #expect(small.message?.branch == large.message?.branch)
    #expect(small.message?.body == body)
    let before = world.sent.count
    world.run(1)
    #expect(world.sent.count == before + 1, "it is repeated as a datagram is")
    #expect(world.failures.isEmpty)
    for (minutes, transport) in [(5.0, SIPTransport.udp), (6.0, .tcp)] {
      world.run(minutes * 60)
      let again = request.replacingOccurrences(of: "z9hG4bK", with: "z9hG4bK\(minutes)")
        .replacingOccurrences(of: "Call-ID: ", with: "Call-ID: \(minutes)")
      world.say(again, fromPort: 6100)
      world.divert(to: "7002")
      let next = try #require(world.sent.last)
      #expect(next.to.transport == transport, "nobody is made to wait for a connection each time")
      #expect(next.message?.body == body)
    }
  }

  @Test("A request without Content-Length is answered 400 on a stream, and the connection closed")
  func withoutLength() throws {
    let world = try World()
    let caller = try #require(world.connect())
    let request = World.request("OPTIONS").replacingOccurrences(
      of: "Content-Length: 0\r\n",
      with: ""
    )
    world.say(request + World.request("OPTIONS", branch: "9"), on: caller)
    #expect(world.sent.map { $0.message?.status ?? 0 } == [400, 0])
    #expect(world.closed == [caller])
    world.say(World.request("OPTIONS", branch: "10"), on: caller)
    #expect(world.sent.count == 2)
    let other = try #require(world.connect())
    world.say("SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP a;branch=z9hG4bKx\r\n\r\n", on: other)
    #expect(world.sent.count == 3 && world.closed.last == other)
    #expect(world.hasNoConnections)
  }

  @Test("A ping is answered by a pong")
  func ping() throws {
    let world = try World()
    let phone = try #require(world.connect())
    world.say("\r\n", on: phone)
    #expect(world.sent.isEmpty)
    world.say("\r\n", on: phone)
    #expect(world.sent.map(\.text) == ["\r\n"])
    #expect(world.sent.first?.to.connection == phone)
  }
}

@Suite("Connections that cost too much")
struct StreamLimitTests {
  typealias World = StreamWorld

  @Test("Who says nothing, and who never ends a message, is closed in time")
  func slowPeers() throws {
    let world = try World()
    let silent = try #require(world.connect(1000))
    let slow = try #require(world.connect(1001))
    let good = try #require(world.connect(1002))
    world.say(World.request("OPTIONS"), on: good)
    world.say(World.request("OPTIONS", branch: "2"), on: slow)
    // A byte every second, for ever: the whole message has its time.
    for byte in World.request("OPTIONS", branch: "3").prefix(60) {
      world.say(String(byte), on: slow)
      world.run(1)
    }
    #expect(world.closed == [silent, slow])
    #expect(world.connections == 1)
    world.run(3900)
    #expect(world.closed == [silent, slow, good])
    #expect(world.hasNoConnections)
    #expect(world.line.connectionCounters.expired == 3)
  }

  @Test("There is a maximum of connections, in all and for one address")
  func tooMany() throws {
    var plan = World.plan()
    plan.limits.connectionsMax = 5
    plan.limits.connectionsPerPeerMax = 3
    let world = try World(plan)
    for port in UInt16(1)...3 { #expect(world.connect(port) != nil) }
    #expect(world.connect(4) == nil)
    #expect(world.connect(1, 1) != nil)
    #expect(world.connect(1, 2) != nil)
    #expect(world.connect(1, 3) == nil)
    // A call to a phone on TCP finds no connection either, and fails at once.
    world.say(World.request("INVITE", via: "UDP 127.0.0.1:6100"), fromPort: 6100)
    world.divert(to: "7003")
    #expect(world.failures == [.unreachable])
    #expect(world.line.connectionCounters.refused == 3)
  }

  @Test("Unfinished messages of a flood take a bounded memory, and nothing of it is left")
  func flood() throws {
    var plan = World.plan()
    plan.limits.unfinishedBytesMax = 100_000
    plan.limits.connectionsPerPeerMax = 10_000
    let world = try World(plan)
    let half = String(World.request("INVITE", body: String(repeating: "x", count: 900)).dropLast())
    var most = 0
    for number in 0..<3_000 {
      let port = UInt16(1000 + number)
      guard let connection = world.connect(port) else { continue }
      world.say(half, on: connection)
      most = max(most, world.line.unfinishedBytes)
    }
    #expect(most <= 100_000 + half.utf8.count)
    #expect(world.line.connectionCounters.broken > 2_800)
    world.run(60)
    #expect(world.hasNoConnections)
    #expect(world.isIdle)
  }

  /// Random peers that connect, speak in pieces, vanish; and phones that are called meanwhile.
  @Test("Nothing is left of connections that come and go", .timeLimit(.minutes(15)))
  func comeAndGo() throws {
    for seed in UInt64(1)...40 {
      var random = PairRandom(state: seed)
      let world = try World()
      var open: [UInt64] = []
      for step in 0..<150 {
        let pick = random.next() % 8
        if pick == 0 || open.isEmpty {
          let port = UInt16(truncatingIfNeeded: 2000 + random.next() % 40)
          if let connection = world.connect(port) { open.append(connection) }
        } else if pick == 1 {
          world.lose(open.remove(at: Int(random.next() % UInt64(open.count))))
        } else if pick == 2 {
          world.divert(to: random.next() % 2 == 0 ? "7003" : "7002")
        } else if pick == 3 {
          let ours = world.sent.filter { $0.deed == .open }.map(\.to.connection)
          if let last = ours.last { world.lose(last) }
        } else {
          let connection = open[Int(random.next() % UInt64(open.count))]
          let method = ["INVITE", "OPTIONS", "BYE"][Int(random.next() % 3)]
          let text = World.request(method, branch: "\(seed)x\(step)")
          let cut = Int(random.next() % UInt64(text.utf8.count + 1))
          world.say(String(text.prefix(cut)), on: connection)
          if pick > 4 { world.say(String(text.dropFirst(cut)), on: connection) }
        }
        world.run(random.share() * 2)
      }
      for connection in open { world.lose(connection) }
      // The calls that nobody ends: the engine would.
      for signal in world.signals {
        guard case .offered(let offer) = signal else { continue }
        world.line.perform(.reject(offer.connID, status: 480), at: world.instant)
      }
      world.take()
      world.run(8000)
      #expect(world.isIdle && world.hasNoConnections, "seed \(seed): \(world.connections)")
    }
  }
}
