// Which algorithms a client is offered, and in which order.
//
// RFC 8760 2.4 wants one challenge for each algorithm, the preferred one on top, and a client to
// take the first that it knows. Not every client does so (measured with the Debian packages):
//   * baresip before 3.12 (1.0.0 with libre 1.1.0 measured) gives up as soon as any challenge names
//     another algorithm than MD5, wherever it stands ("Function not implemented"; baresip/re#1103
//     brought SHA-256);
//   * sofia-sip 1.12.11 does so too ("904 No matching challenge"), and with it whoever says sofia:
//     FreeSWITCH, Telepathy. FreeSWITCH 1.10.6 wants MD5 first (sipsorcery-org/sipsorcery#525);
//     freeswitch/sofia-sip#64 taught it to pass over what it does not know;
//   * sipp 3.6.1 reads the first challenge only (SIPp/sipp#488). Its scenarios say no User-Agent,
//     as real phones do.
// Being talked into MD5 gives an attacker nothing: MD5 is offered to everybody, and whoever can
// change a User-Agent on the way can also take a challenge away. A site without such clients sets
// `.strongestFirst`.

/// The algorithms of a 401 or 407, in order.
public enum DigestOffer: Sendable, CaseIterable {
  /// SHA-256, then MD5.
  case strongestFirst
  /// MD5, then SHA-256.
  case md5First
  /// MD5 alone.
  case md5Only

  /// What the client with this User-Agent header can cope with.
  public init(userAgent: String?) {
    guard let userAgent, !userAgent.isEmpty else {
      self = .md5First
      return
    }
    let givesUp = Self.isOldBaresip(userAgent) || userAgent.lowercased().contains("sofia")
    self = givesUp ? .md5Only : .strongestFirst
  }

  /// The algorithms, in the order of their challenges.
  public var algorithms: [DigestAlgorithm] {
    switch self {
    case .strongestFirst: [.sha256, .md5]
    case .md5First: [.md5, .sha256]
    case .md5Only: [.md5]
    }
  }

  /// Reads `baresip v1.0.0 (x86_64/linux)`; one without a readable version counts as old.
  private static func isOldBaresip(_ text: String) -> Bool {
    let words = text.split(separator: " ")
    guard let name = words.first, name.lowercased() == "baresip" else { return false }
    guard words.count > 1 else { return true }
    let numbers = words[1].drop { $0 == "v" }.split(separator: ".").map { Int($0) }
    guard numbers.count > 1, let major = numbers[0], let minor = numbers[1] else { return true }
    return (major, minor) < (3, 12)
  }
}
