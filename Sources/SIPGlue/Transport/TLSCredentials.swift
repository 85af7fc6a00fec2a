// Certificate, key and trust of our side of TLS, read once into libssl.
//
// States: none after it is made; a renewed certificate is another value. Sessions that were begun
// with an older one go on with it, since libssl counts who uses a context.
// Invariant: TLS 1.2 or newer, and a key that belongs to its certificate, or no value at all.
// Source: RFC 3261 26.3.1, RFC 5922, RFC 8446; SSL_CTX_new(3).

internal import CCrypto
internal import Reactor

/// Where certificate, key and trust come from.
public struct TLSFiles: Sendable, Hashable {
  /// Who must show a certificate that our trust covers.
  public enum Verification: String, Sendable, Hashable, CaseIterable {
    /// Nobody.
    case none
    /// Those that we connect to: for the address that we dial.
    case servers
    /// Those that connect to us as well.
    case all
  }

  /// The certificate chain, ours first, as PEM.
  public var certificate: String
  /// Its key, as PEM, without a password.
  public var key: String
  /// The authorities that we trust, as PEM; nil: those of the system.
  public var authorities: String?
  /// Who must show a certificate.
  public var verification = Verification.servers

  /// Names the files.
  public init(certificate: String, key: String) {
    self.certificate = certificate
    self.key = key
  }
}

/// Why there is no TLS, as one sentence.
public struct TLSProblem: Error, Sendable, Hashable, CustomStringConvertible {
  /// The sentence, without a full stop.
  public let description: String

  /// Takes the last word of libssl along.
  init(_ sentence: String) {
    let code = ERR_get_error()
    let systemFlag: UInt = 0x8000_0000
    if code & systemFlag != 0 {
      // Of the system, not of libssl: no such file, for one.
      description = "\(sentence): \(ReactorError.text(of: Int32(code & 0x7FFF_FFFF)))"
      return
    }
    guard code != 0, let reason = unsafe ERR_reason_error_string(code) else {
      description = sentence
      return
    }
    unsafe description = "\(sentence): \(String(cString: reason))"
  }

  init(plain sentence: String) { description = sentence }
}

/// Our side of every TLS connection that is begun with it.
///
/// Sendable because libssl locks a context that several threads use, and nothing changes it here.
@safe
public final class TLSCredentials: @unchecked Sendable {
  let context: OpaquePointer
  let verification: TLSFiles.Verification

  private static let setMinimumVersion: Int32 = 123  // SSL_CTRL_SET_MIN_PROTO_VERSION
  private static let setMode: Int32 = 33  // SSL_CTRL_MODE
  private static let setCacheMode: Int32 = 44  // SSL_CTRL_SET_SESS_CACHE_MODE
  private static let modes = 0x2 | 0x10  // moving write buffer, buffers released when idle

  /// Reads the files.
  ///
  /// - Throws: One sentence about the first file that cannot be used.
  public init(_ files: TLSFiles) throws(TLSProblem) {
    ERR_clear_error()
    guard let context = unsafe SSL_CTX_new(TLS_method()) else {
      throw TLSProblem("libssl makes no context")
    }
    unsafe self.context = context
    verification = files.verification
    guard unsafe SSL_CTX_ctrl(context, Self.setMinimumVersion, Int(TLS1_2_VERSION), nil) == 1 else {
      throw TLSProblem("libssl has no TLS 1.2")
    }
    _ = unsafe SSL_CTX_ctrl(context, Self.setMode, Self.modes, nil)
    // Nothing is remembered of a session that has ended: tickets carry what a peer may resume.
    _ = unsafe SSL_CTX_ctrl(context, Self.setCacheMode, 0, nil)
    let name = Array("pointsman".utf8)
    _ = unsafe SSL_CTX_set_session_id_context(context, name, UInt32(name.count))
    try load(files)
  }

  deinit { unsafe SSL_CTX_free(context) }

  private func load(_ files: TLSFiles) throws(TLSProblem) {
    guard unsafe SSL_CTX_use_certificate_chain_file(context, files.certificate) == 1 else {
      throw TLSProblem("the certificate \"\(files.certificate)\" cannot be used")
    }
    guard unsafe SSL_CTX_use_PrivateKey_file(context, files.key, SSL_FILETYPE_PEM) == 1 else {
      let isWrong = ERR_peek_error() != 0 && Self.isMismatch(ERR_peek_last_error())
      throw isWrong
        ? TLSProblem(plain: Self.mismatch(files))
        : TLSProblem("the key \"\(files.key)\" cannot be used")
    }
    guard unsafe SSL_CTX_check_private_key(context) == 1 else {
      throw TLSProblem(plain: Self.mismatch(files))
    }
    if let authorities = files.authorities {
      guard unsafe SSL_CTX_load_verify_file(context, authorities) == 1 else {
        throw TLSProblem("the authorities \"\(authorities)\" cannot be used")
      }
    } else {
      _ = unsafe SSL_CTX_set_default_verify_paths(context)
    }
    // What is left of reading to the end of a file is no error.
    ERR_clear_error()
  }

  private static func mismatch(_ files: TLSFiles) -> String {
    "the key \"\(files.key)\" does not belong to the certificate \"\(files.certificate)\""
  }

  /// X509_R_KEY_VALUES_MISMATCH and X509_R_KEY_TYPE_MISMATCH.
  private static func isMismatch(_ code: UInt) -> Bool {
    let reason = code & 0x7F_FFFF
    return reason == 116 || reason == 115
  }
}
