// A small user agent for tests: caller or phone, with the retransmissions that RFC 3261 asks of it.

import Foundation

/// What a phone does with an INVITE.
enum PairBehaviour {
  /// Rings after a moment and answers after so many seconds.
  case answers(after: Double)
  case rings
  /// Only 100.
  case tries
  case refuses(Int)
  case silent
  /// Rings, and refuses after so many seconds.
  case ringsThenRefuses(Int, after: Double)
  /// Two phones behind one proxy answer at the same time.
  case answersTwice
}

final class PairPhone {
  /// One dialog, or an INVITE on its way to one.
  final class Dialog {
    var callID = ""
    var local = ""
    var remote = ""
    var target = ""
    var sequence = 1
    var invite: PairMessage?
    var inviteText = ""
    var isCaller = false
    var isAnswered = false
    var isEnded = false
    var ack: String?
    var statuses: [Int] = []
    var bodies: [String] = []
    var responses: [PairMessage] = []
    /// Whether a re-INVITE of ours has had no final answer.
    var isInviting = false
    /// The number of the last reliable answer that was acknowledged.
    var acknowledged = 0
  }

  struct Pending {
    var key: String
    var text: String
    var due: Double
    var interval: Double
    var end: Double
  }

  let port: UInt16
  let name: String
  var behaviour = PairBehaviour.answers(after: 2)
  var offersSDP = true
  var acknowledges = true
  var answersBYE = true
  var statusOfReinvite = 200
  /// Whether it answers a re-INVITE that crosses its own with 491, and tries its own again after
  /// another's 491, so many seconds later (RFC 3261 14.1, 14.2).
  var retryAfterGlare: ((Bool) -> Double)?
  /// Header lines that go with what it sends: INVITEs, answers and refreshes.
  var headers = ""
  /// Whether it speaks RFC 3262: its 18x are reliable where the caller takes that, and it answers
  /// reliable ones with PRACK.
  var isReliable = false
  /// Answers instead of it: what to send for a request; nil: it answers itself.
  var script: ((PairMessage, PairPhone) -> [String]?)?
  var dialogs: [Dialog] = []
  /// Its requests that nobody has answered.
  private(set) var unanswered: [String] = []
  /// How many of its successes nobody has acknowledged.
  private(set) var unacknowledged = 0
  var received: [PairMessage] = []
  var outbox: [(text: String, delay: Double)] = []
  private var pending: [Pending] = []
  private var scheduled: [(due: Double, work: (Double) -> Void)] = []
  private var replies: [String: String] = [:]
  private var counter = 0

  static let t1 = 0.5

  init(_ name: String, port: UInt16) {
    self.name = name
    self.port = port
  }

  var contact: String { "sip:\(name)@127.0.0.1:\(port)" }
  var openDialogs: Int { dialogs.filter { !$0.isEnded }.count }
  var sdp: String { "v=0\r\no=\(name) 1 1 IN IP4 127.0.0.1\r\ns=-\r\n" }
  func requests(_ method: String) -> [PairMessage] {
    received.filter { $0.isRequest && $0.method == method }
  }

  // MARK: Time

  var nextDeadline: Double? {
    (pending.map(\.due) + scheduled.map(\.due)).min()
  }

  func advance(to now: Double) {
    for index in pending.indices.reversed() where pending[index].due <= now {
      if pending[index].end <= now {
        giveUp(pending.remove(at: index), at: now)
        continue
      }
      outbox.append((pending[index].text, 0))
      pending[index].interval = min(pending[index].interval * 2, 4)
      pending[index].due = now + pending[index].interval
    }
    let due = scheduled.filter { $0.due <= now }
    scheduled.removeAll { $0.due <= now }
    for item in due { item.work(now) }
  }

  /// Nobody has answered: a success that is not acknowledged ends its dialog (RFC 3261 13.3.1.4).
  private func giveUp(_ lost: Pending, at now: Double) {
    guard let message = PairMessage(lost.text) else { return }
    if message.isRequest { unanswered.append(message.startLine) }
    guard message.status == 200,
      message.method == "INVITE",
      let dialog = dialogs.first(where: { $0.callID == message.callID })
    else { return }
    unacknowledged += 1
    hangUp(dialog, at: now)
  }

  private func later(_ due: Double, _ work: @escaping (Double) -> Void) {
    scheduled.append((due, work))
  }

  private func keep(_ text: String, key: String, at now: Double) {
    outbox.append((text, 0))
    pending.append(
      Pending(key: key, text: text, due: now + Self.t1, interval: Self.t1, end: now + 64 * Self.t1)
    )
  }

  private func settle(_ key: String) { pending.removeAll { $0.key == key } }

  // MARK: Calling

  func unique() -> String {
    counter += 1
    return "\(name)-\(port)-\(counter)"
  }

  @discardableResult
  func call(_ dn: String, headers: String = "", at now: Double) -> Dialog {
    let dialog = Dialog()
    dialog.isCaller = true
    dialog.callID = unique() + "@test"
    dialog.local = "\"The \(name)\" <sip:\(name)@test>;tag=\(unique())"
    dialog.remote = "<sip:\(dn)@127.0.0.1>"
    dialog.target = "sip:\(dn)@127.0.0.1:5060"
    dialogs.append(dialog)
    var text = request("INVITE", dialog, branch: "z9hG4bK" + unique())
    text += headers + self.headers + "Contact: <\(contact)>\r\n"
    let offer = offersSDP ? sdp : ""
    if offersSDP { text += "Content-Type: application/sdp\r\n" }
    text += "Content-Length: \(offer.utf8.count)\r\n\r\n\(offer)"
    dialog.inviteText = text
    dialog.invite = PairMessage(text)
    keep(text, key: dialog.invite?.branch ?? "", at: now)
    return dialog
  }

  func request(_ method: String, _ dialog: Dialog, branch: String) -> String {
    "\(method) \(dialog.target) SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:\(port);branch=\(branch)\r\n"
      + "Max-Forwards: 70\r\nFrom: \(dialog.local)\r\nTo: \(dialog.remote)\r\n"
      + "Call-ID: \(dialog.callID)\r\nCSeq: \(dialog.sequence) \(method)\r\n"
  }

  func cancel(_ dialog: Dialog, at now: Double) {
    guard let invite = dialog.invite, !dialog.isAnswered else { return }
    let text =
      "CANCEL \(invite.uri) SIP/2.0\r\nVia: \(invite["via"])\r\nMax-Forwards: 70\r\n"
      + "From: \(invite["from"])\r\nTo: \(invite["to"])\r\nCall-ID: \(invite.callID)\r\n"
      + "CSeq: \(invite.sequence) CANCEL\r\nContent-Length: 0\r\n\r\n"
    keep(text, key: "CANCEL" + invite.branch, at: now)
  }

  func send(
    _ method: String,
    _ dialog: Dialog,
    headers: String = "",
    body: String? = nil,
    at now: Double
  ) {
    dialog.sequence += 1
    let branch = "z9hG4bK" + unique()
    var text = request(method, dialog, branch: branch)
    if method == "INVITE" || method == "UPDATE" { text += "Contact: <\(contact)>\r\n" }
    text += headers + (method == "BYE" ? "" : self.headers)
    if let body {
      text += "Content-Type: application/sdp\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    } else {
      text += "Content-Length: 0\r\n\r\n"
    }
    if method == "INVITE" {
      dialog.invite = PairMessage(text)
      dialog.isInviting = true
    }
    keep(text, key: branch, at: now)
  }

  func hangUp(_ dialog: Dialog, at now: Double) {
    guard !dialog.isEnded else { return }
    dialog.isEnded = true
    send("BYE", dialog, at: now)
  }

  // MARK: Receiving

  func receive(_ text: String, at now: Double) {
    guard let message = PairMessage(text) else { return }
    received.append(message)
    if message.isRequest, let texts = script?(message, self) {
      for text in texts { outbox.append((text, 0)) }
      return
    }
    if message.isRequest { serve(message, at: now) } else { take(message, at: now) }
  }

  private func take(_ response: PairMessage, at now: Double) {
    let key = (response.method == "CANCEL" ? "CANCEL" : "") + response.branch
    guard let dialog = dialogs.first(where: { $0.callID == response.callID }) else { return }
    if response.status >= 200 || response.method == "INVITE" { settle(key) }
    guard response.method == "INVITE", let invite = dialog.invite,
      response.sequence == invite.sequence
    else { return }
    // A provisional answer that the final one has overtaken says nothing any more.
    if response.status < 200, let last = dialog.responses.last, last.status >= 200,
      last.sequence == response.sequence
    {
      return
    }
    dialog.responses.append(response)
    if dialog.statuses.last != response.status { dialog.statuses.append(response.status) }
    if !response.body.isEmpty { dialog.bodies.append(response.body) }
    guard response.status >= 200 else { return acknowledgeProvisional(response, dialog, at: now) }
    let wasInviting = dialog.isInviting
    dialog.isInviting = false
    if response.status == 491, wasInviting, let wait = retryAfterGlare?(dialog.isCaller) {
      let body = invite.body
      later(now + wait) { time in
        guard !dialog.isEnded, !dialog.isInviting else { return }
        self.send("INVITE", dialog, body: body, at: time)
      }
    }
    if response.status < 300 {
      dialog.isAnswered = true
      dialog.remote = response["to"]
      dialog.target = PairMessage.address(response["contact"])
      guard acknowledges else { return }
      if dialog.ack == nil || PairMessage(dialog.ack ?? "")?.sequence != response.sequence {
        let kept = dialog.sequence
        dialog.sequence = response.sequence
        var ack = request("ACK", dialog, branch: "z9hG4bK" + unique())
        dialog.sequence = kept
        let answer = invite.body.isEmpty ? sdp : ""
        if !answer.isEmpty { ack += "Content-Type: application/sdp\r\n" }
        ack += "Content-Length: \(answer.utf8.count)\r\n\r\n\(answer)"
        dialog.ack = ack
      }
      if let ack = dialog.ack { outbox.append((ack, 0)) }
    } else {
      if !dialog.isAnswered { dialog.isEnded = true }
      outbox.append(
        (
          "ACK \(invite.uri) SIP/2.0\r\nVia: \(invite["via"])\r\nMax-Forwards: 70\r\n"
            + "From: \(invite["from"])\r\nTo: \(response["to"])\r\nCall-ID: \(invite.callID)\r\n"
            + "CSeq: \(invite.sequence) ACK\r\nContent-Length: 0\r\n\r\n", 0
        )
      )
    }
  }

  private func acknowledgeProvisional(
    _ response: PairMessage,
    _ dialog: Dialog,
    at now: Double
  ) {
    guard isReliable, let number = Int(response["rseq"]), number != dialog.acknowledged,
      !dialog.isEnded
    else { return }
    dialog.acknowledged = number
    dialog.remote = response["to"]
    dialog.target = PairMessage.address(response["contact"])
    send("PRACK", dialog, headers: "RAck: \(number) \(response.sequence) INVITE\r\n", at: now)
  }

  func response(
    _ status: Int,
    to request: PairMessage,
    tag: String,
    extra: String = "",
    body: String = ""
  ) -> String {
    var text = "SIP/2.0 \(status) Test\r\n"
    for via in request.all("via") { text += "Via: \(via)\r\n" }
    for route in request.all("record-route") { text += "Record-Route: \(route)\r\n" }
    text += "From: \(request["from"])\r\nTo: \(request["to"])"
    if request.toTag.isEmpty, status > 100 { text += ";tag=\(tag)" }
    text += "\r\nCall-ID: \(request.callID)\r\nCSeq: \(request["cseq"])\r\n"
    if status > 100, status < 300 { text += "Contact: <\(contact)>\r\n" + extra + headers }
    if !body.isEmpty { text += "Content-Type: application/sdp\r\n" }
    return text + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  private func serve(_ request: PairMessage, at now: Double) {
    let dialog = dialogs.first { $0.callID == request.callID }
    if request.method == "ACK" {
      settle("200" + request.callID + "\(request.sequence)")
      if let dialog, !request.body.isEmpty { dialog.bodies.append(request.body) }
      return
    }
    let key = request.method + request.branch
    if let last = replies[key] {
      if !last.isEmpty { outbox.append((last, 0)) }
      return
    }
    func answer(_ status: Int, body: String = "") {
      let text = response(status, to: request, tag: "x", body: body)
      replies[key] = text
      outbox.append((text, 0))
    }
    switch request.method {
    case "INVITE":
      if let dialog {
        reinvited(dialog, request, key, at: now)
      } else {
        invited(request, key, at: now)
      }
    case "CANCEL":
      answer(200)
      guard let dialog, !dialog.isAnswered, !dialog.isEnded else { return }
      finish(dialog, 487, "INVITE" + request.branch, at: now)
    case "BYE":
      guard answersBYE else { return }
      answer(dialog == nil ? 481 : 200)
      dialog?.isEnded = true
    default:
      if request.method == "PRACK" { settle("reliable" + request.callID) }
      answer(dialog == nil || dialog?.isEnded == true ? 481 : 200)
    }
  }

  private func invited(_ request: PairMessage, _ key: String, at now: Double) {
    replies[key] = ""
    if case .silent = behaviour { return }
    let dialog = Dialog()
    dialog.callID = request.callID
    dialog.invite = request
    dialog.local = request["to"] + ";tag=" + unique()
    dialog.remote = request["from"]
    dialog.target = PairMessage.address(request["contact"])
    if !request.body.isEmpty { dialog.bodies.append(request.body) }
    dialogs.append(dialog)
    let tag = PairMessage.parameter("tag", dialog.local)
    func provisional(_ status: Int) {
      guard !dialog.isEnded, !dialog.isAnswered else { return }
      if isReliable, status > 100, request["supported"].contains("100rel") {
        replies[key] = ""
        let extra = "Require: 100rel\r\nRSeq: 1\r\n"
        let text = response(status, to: request, tag: tag, extra: extra, body: sdp)
        return keep(text, key: "reliable" + request.callID, at: now)
      }
      let text = response(status, to: request, tag: tag)
      replies[key] = text
      outbox.append((text, 0))
    }
    switch behaviour {
    case .silent: break
    case .tries: provisional(100)
    case .rings: provisional(180)
    case .refuses(let status): finish(dialog, status, key, at: now)
    case .ringsThenRefuses(let status, let delay):
      provisional(180)
      later(now + delay) { self.finish(dialog, status, key, at: $0) }
    case .answers(let delay):
      later(now + min(0.2, delay)) { _ in provisional(180) }
      later(now + delay) { self.answer(dialog, key, at: $0) }
    case .answersTwice:
      provisional(180)
      later(now + 1) { time in
        self.answer(dialog, key, at: time)
        self.outbox.append((self.response(200, to: request, tag: "other", body: self.sdp), 0))
      }
    }
  }

  private func reinvited(
    _ dialog: Dialog,
    _ request: PairMessage,
    _ key: String,
    at now: Double
  ) {
    replies[key] = ""
    if dialog.isInviting, retryAfterGlare != nil {
      let text = response(491, to: request, tag: "x")
      replies[key] = text
      outbox.append((text, 0))
      return
    }
    guard (200..<300).contains(statusOfReinvite), !dialog.isEnded else {
      let status = dialog.isEnded ? 481 : statusOfReinvite
      let text = response(status, to: request, tag: "x")
      replies[key] = text
      outbox.append((text, 0))
      return
    }
    if !request.body.isEmpty { dialog.bodies.append(request.body) }
    let text = response(200, to: request, tag: "x", body: sdp)
    keep(text, key: "200" + request.callID + "\(request.sequence)", at: now)
  }

  /// Answers a ringing INVITE.
  func answer(_ dialog: Dialog, _ key: String, at now: Double) {
    guard let invite = dialog.invite, !dialog.isEnded, !dialog.isAnswered else { return }
    dialog.isAnswered = true
    replies[key] = ""
    let tag = PairMessage.parameter("tag", dialog.local)
    keep(
      response(200, to: invite, tag: tag, body: sdp),
      key: "200" + invite.callID + "\(invite.sequence)",
      at: now
    )
  }

  private func finish(_ dialog: Dialog, _ status: Int, _ key: String, at now: Double) {
    guard let invite = dialog.invite, !dialog.isEnded, !dialog.isAnswered else { return }
    dialog.isEnded = true
    let tag = PairMessage.parameter("tag", dialog.local)
    let text = response(status, to: invite, tag: tag)
    replies[key] = text
    // Sent again until the ACK (timer G), as the 200 is.
    keep(text, key: "200" + invite.callID + "\(invite.sequence)", at: now)
  }
}
