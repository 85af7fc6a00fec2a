// The registration information document (RFC 3680 5), written; it is never read here.

internal import Engine

/// What a NOTIFY of the `reg` package says.
struct Reginfo {
  var dn: DN
  var domain: ByteView
  var version: UInt32
  /// Whether it says everything, or only what has changed.
  var isFull: Bool
  /// Whether the DN has any contact.
  var hasContacts = false
  var contacts: [(binding: Binding, event: ContactEvent)] = []

  init(dn: DN, domain: ByteView, version: UInt32, isFull: Bool) {
    self.dn = dn
    self.domain = domain
    self.version = version
    self.isFull = isFull
  }
}

extension MessageWriter {
  /// Appends a document.
  mutating func write(_ reginfo: Reginfo, at now: Instant) {
    write("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
    write("<reginfo xmlns=\"urn:ietf:params:xml:ns:reginfo\" version=\"")
    write(decimal: UInt64(reginfo.version))
    write(reginfo.isFull ? "\" state=\"full\">\n" : "\" state=\"partial\">\n")
    write("  <registration aor=\"sip:")
    reginfo.dn.number.withByteView { writeUser($0) }
    write(byte: UInt8(ascii: "@"))
    write(reginfo.domain)
    write("\" id=\"r")
    reginfo.dn.number.withByteView { writeXML($0) }
    // Without contacts: `init` when there never was one to speak of, else it has just ended.
    let state: StaticString =
      reginfo.hasContacts ? "active" : reginfo.contacts.isEmpty ? "init" : "terminated"
    write("\" state=\"")
    write(state)
    write("\">\n")
    for contact in reginfo.contacts { write(contact.binding, contact.event, at: now) }
    write("  </registration>\n</reginfo>\n")
  }

  private mutating func write(_ binding: Binding, _ event: ContactEvent, at now: Instant) {
    write("    <contact id=\"c")
    write(decimal: binding.id)
    write(event.isEnd ? "\" state=\"terminated\" event=\"" : "\" state=\"active\" event=\"")
    write(text: event.rawValue)
    write("\" duration-registered=\"")
    write(decimal: UInt64(max(0, (now - binding.since).components.seconds)))
    if let end = binding.expiresAt {
      write("\" expires=\"")
      write(decimal: UInt64(max(0, (end - now).components.seconds)))
    }
    if binding.q < 1000 {
      write("\" q=\"")
      writeShare(binding.q)
    }
    if !binding.callID.isEmpty {
      write("\" callid=\"")
      binding.callID.withByteView { writeXML($0) }
      write("\" cseq=\"")
      write(decimal: UInt64(binding.cseq))
    }
    write("\">\n      <uri>")
    binding.uri.withByteView { writeXML($0) }
    write("</uri>\n")
    binding.parameters.withByteView { parameters in
      _ = ParameterWalk(parameters).walk { name, value in
        if name.equalsIgnoringCase("q") { return true }
        write("      <unknown-param name=\"")
        writeXML(name)
        write("\">")
        writeXML(value)
        write("</unknown-param>\n")
        return true
      }
    }
    write("    </contact>\n")
  }

  /// Appends thousandths as a q value (RFC 3261 25.1).
  mutating func writeShare(_ thousandths: UInt16) {
    write(thousandths < 1000 ? "0." : "1.")
    let rest = UInt64(thousandths % 1000)
    write(decimal: rest / 100)
    write(decimal: rest / 10 % 10)
    write(decimal: rest % 10)
  }

  /// Appends text as XML character data or attribute value; control bytes are left out.
  mutating func writeXML(_ text: ByteView) {
    for index in 0..<text.count {
      switch text[index] {
      case UInt8(ascii: "&"): write("&amp;")
      case UInt8(ascii: "<"): write("&lt;")
      case UInt8(ascii: ">"): write("&gt;")
      case UInt8(ascii: "\""): write("&quot;")
      case 0..<0x20, 0x7F: break
      default: write(byte: text[index])
      }
    }
  }
}
