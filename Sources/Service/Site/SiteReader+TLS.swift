internal import LuaBridge
internal import SIPGlue

// Certificate, key and trust of SIP over TLS.
extension SiteReader {
  /// Reads `sip.tls`.
  mutating func readTLS(_ node: LuaValue?) {
    let path: [TableKey] = ["sip", "tls"]
    let known = ["certificate", "key", "ca", "verify"]
    guard let fields = fields(of: node, at: path, known: known) else { return }
    let certificate = text(fields["certificate"], at: path + ["certificate"])
    let key = text(fields["key"], at: path + ["key"])
    guard let certificate, let key else {
      if fields["certificate"] == nil || fields["key"] == nil {
        report(path, "tls needs both a certificate and a key: the paths of PEM files")
      }
      return
    }
    var files = TLSFiles(certificate: world.path(certificate), key: world.path(key))
    files.authorities = text(fields["ca"], at: path + ["ca"]).map(world.path)
    let words = TLSFiles.Verification.allCases.map(\.rawValue)
    if let word = word(fields["verify"], at: path + ["verify"], among: words) {
      files.verification = TLSFiles.Verification(rawValue: word) ?? .servers
    }
    if let problem = world.problemOfTLS(files) { report(path, "tls: \(problem)") }
    site.tls = files
  }
}
