// One TLS connection, between its socket and its messages: bytes in, bytes out, no descriptor.
//
// States: shaking hands (what is to be sent waits, at most `waitingMax` bytes) → open → ended.
// Invariants: what comes out of `takeOutput` is sent in that order and left out never; plain bytes
// are only shown once the other side is who it must be.
// Who may change it: the transport that owns the connection. Source: RFC 8446; SSL_read(3), bio(7).

internal import CCrypto

/// One TLS connection.
@safe
package final class TLSSession {
  /// How the session stands after bytes came or were to be sent.
  package enum Standing: Equatable {
    case open
    /// The other side has ended it, or it is not whom or what we can talk to.
    case ended
  }

  private let session: OpaquePointer
  /// What has come from the socket, and what is to go there; the session owns both.
  private let incoming: OpaquePointer
  private let outgoing: OpaquePointer
  /// Keeps the trust alive.
  private let credentials: TLSCredentials
  private var waiting: [UInt8] = []
  private var plain = [UInt8](repeating: 0, count: 16_384)

  private static let waitingMax = 256 << 10

  /// Begins a session; `server` is the address that we have dialled, nil when we were.
  package init?(_ credentials: TLSCredentials, server: String?) {
    self.credentials = credentials
    guard let session = unsafe SSL_new(credentials.context) else { return nil }
    guard let incoming = unsafe BIO_new(BIO_s_mem()), let outgoing = unsafe BIO_new(BIO_s_mem())
    else {
      unsafe SSL_free(session)
      return nil
    }
    unsafe SSL_set_bio(session, incoming, outgoing)
    unsafe self.session = session
    unsafe self.incoming = incoming
    unsafe self.outgoing = outgoing
    if let server {
      unsafe SSL_set_connect_state(session)
      if credentials.verification != .none {
        guard unsafe X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), server) == 1 else {
          return nil
        }
        unsafe SSL_set_verify(session, SSL_VERIFY_PEER, nil)
      }
    } else {
      unsafe SSL_set_accept_state(session)
      if credentials.verification == .all {
        let must = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
        unsafe SSL_set_verify(session, must, nil)
      }
    }
  }

  deinit { unsafe SSL_free(session) }

  /// Begins to shake hands, where that is our part.
  package func start() { _ = goOn() }

  /// Takes bytes from the socket, and shows what they say.
  package func receive(
    _ bytes: UnsafeRawBufferPointer,
    _ show: (UnsafeRawBufferPointer) -> Void
  ) -> Standing {
    guard unsafe BIO_write(incoming, bytes.baseAddress, Int32(bytes.count)) == bytes.count else {
      return .ended
    }
    guard goOn() == .open else { return .ended }
    while unsafe SSL_is_init_finished(session) == 1 {
      ERR_clear_error()
      let got = unsafe SSL_read(session, &plain, Int32(plain.count))
      guard got > 0 else { return standing(after: got) }
      unsafe plain.withUnsafeBytes {
        unsafe show(UnsafeRawBufferPointer(rebasing: $0[..<Int(got)]))
      }
    }
    return .open
  }

  /// Sends plain bytes: now, or when hands are shaken.
  package func send(_ bytes: UnsafeRawBufferPointer) -> Standing {
    guard unsafe SSL_is_init_finished(session) == 1 else {
      guard waiting.count + bytes.count <= Self.waitingMax else { return .ended }
      unsafe waiting.append(contentsOf: bytes)
      return .open
    }
    guard bytes.count > 0 else { return .open }
    ERR_clear_error()
    // The output has room for everything: either all is written or the session has failed.
    let put = unsafe SSL_write(session, bytes.baseAddress, Int32(bytes.count))
    return put == bytes.count ? .open : .ended
  }

  /// Says that nothing more follows.
  package func finish() {
    guard unsafe SSL_is_init_finished(session) == 1 else { return }
    ERR_clear_error()
    _ = unsafe SSL_shutdown(session)
  }

  /// Shows what is to go to the socket, and forgets it.
  package func takeOutput(_ show: (UnsafeRawBufferPointer) -> Void) {
    while true {
      let got = unsafe BIO_read(outgoing, &plain, Int32(plain.count))
      guard got > 0 else { return }
      unsafe plain.withUnsafeBytes {
        unsafe show(UnsafeRawBufferPointer(rebasing: $0[..<Int(got)]))
      }
    }
  }

  private func goOn() -> Standing {
    guard unsafe SSL_is_init_finished(session) == 0 else { return .open }
    ERR_clear_error()
    let result = unsafe SSL_do_handshake(session)
    guard result == 1 else { return standing(after: result) }
    let bytes = waiting
    waiting = []
    return unsafe bytes.withUnsafeBytes { unsafe send($0) }
  }

  private func standing(after result: Int32) -> Standing {
    switch unsafe SSL_get_error(session, result) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .open
    default: return .ended
    }
  }
}
