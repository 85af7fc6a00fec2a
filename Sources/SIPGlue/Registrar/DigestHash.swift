// The hashes of digest authentication: MD5, SHA-256 and HMAC-SHA-256, all by libcrypto.
//
// States: none beyond the context, which is re-initialised by every operation.
// Invariant: a failure of the library never lets anybody in. It shows as an empty result, and
// `areEqual` never finds empty values equal.
// Source: RFC 7616 3.3-3.4, RFC 8760; libcrypto's EVP_DigestInit(3), HMAC(3), CRYPTO_memcmp(3).

internal import CCrypto

/// A hash that a challenge may name.
public enum DigestAlgorithm: String, Sendable, CaseIterable {
  /// SHA-256, the preferred one.
  case sha256 = "SHA-256"
  /// MD5, which most phones still expect.
  case md5 = "MD5"

  /// Reads the name in a header; no parameter at all means MD5 (RFC 7616 3.3).
  init?(headerValue: String?) {
    guard let headerValue else {
      self = .md5
      return
    }
    let known = headerValue.withByteView { $0.isEmpty ? nil : DigestAlgorithm($0) }
    guard let known else { return nil }
    self = known
  }

  /// Reads the name in a header; empty means that there is none.
  init?(_ name: ByteView) {
    if name.isEmpty || name.equalsIgnoringCase("md5") {
      self = .md5
    } else if name.equalsIgnoringCase("sha-256") {
      self = .sha256
    } else {
      return nil
    }
  }

  /// How many hexadecimal digits a hash has in text.
  var hexCount: Int {
    switch self {
    case .sha256: 64
    case .md5: 32
    }
  }
}

/// The reason why digest authentication cannot work at all: libcrypto lacks a hash.
public struct DigestUnavailable: Error, Sendable {}

/// The owner of one reusable libcrypto digest context and of the two algorithms.
///
/// Sendable because it is the only owner: wherever it moves, the context moves along.
@safe package struct DigestHash: ~Copyable, @unchecked Sendable {
  private let context: OpaquePointer
  private let md5: OpaquePointer
  private let sha256: OpaquePointer
  /// What is to be hashed by `hashText(by:)`, and the hash afterwards.
  package var text = MessageWriter(capacity: 512)

  /// Fetches the algorithms once.
  ///
  /// - Throws: `DigestUnavailable` when the library refuses one (a FIPS-only provider has no MD5).
  package init() throws(DigestUnavailable) {
    let context = unsafe EVP_MD_CTX_new()
    let md5 = unsafe EVP_MD_fetch(nil, "MD5", nil)
    let sha256 = unsafe EVP_MD_fetch(nil, "SHA256", nil)
    guard let context = unsafe context, let md5 = unsafe md5, let sha256 = unsafe sha256 else {
      unsafe EVP_MD_CTX_free(context)
      unsafe EVP_MD_free(md5)
      unsafe EVP_MD_free(sha256)
      throw DigestUnavailable()
    }
    unsafe self.context = context
    unsafe self.md5 = md5
    unsafe self.sha256 = sha256
  }

  deinit {
    unsafe EVP_MD_CTX_free(context)
    unsafe EVP_MD_free(md5)
    unsafe EVP_MD_free(sha256)
  }

  /// Hashes the fields joined by colons; lower-case hexadecimal text, empty on failure.
  package mutating func hex(_ algorithm: DigestAlgorithm, of fields: [[UInt8]]) -> [UInt8] {
    let kind =
      switch algorithm {
      case .md5: unsafe md5
      case .sha256: unsafe sha256
      }
    guard unsafe EVP_DigestInit_ex(context, kind, nil) == 1 else { return [] }
    for (index, field) in fields.enumerated() {
      if index > 0, !update(with: [UInt8(ascii: ":")]) { return [] }
      guard update(with: field) else { return [] }
    }
    var raw = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var count: UInt32 = 0
    guard unsafe EVP_DigestFinal_ex(context, &raw, &count) == 1 else { return [] }
    return Hex.encode(raw.prefix(Int(count)))
  }

  /// Hashes `text`, which becomes the hash in lower-case hexadecimal; empty on failure.
  package mutating func hashText(by algorithm: DigestAlgorithm) {
    let kind =
      switch algorithm {
      case .md5: unsafe md5
      case .sha256: unsafe sha256
      }
    let context = unsafe context
    let bytes = text.bytes
    text.removeAll()
    unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Int(EVP_MAX_MD_SIZE)) { raw in
      var count: UInt32 = 0
      let isDone = unsafe bytes.withUnsafeBytes {
        unsafe EVP_DigestInit_ex(context, kind, nil) == 1
          && EVP_DigestUpdate(context, $0.baseAddress, $0.count) == 1
          && EVP_DigestFinal_ex(context, raw.baseAddress, &count) == 1
      }
      guard isDone else { return }
      text.write(
        hexOf: unsafe ByteView(
          UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(raw)[..<Int(count)])
        )
      )
    }
  }

  /// Computes HMAC-SHA-256; 32 bytes, empty on failure.
  package func seal(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
    var raw = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var count: UInt32 = 0
    let done = unsafe HMAC(
      sha256,
      key,
      Int32(key.count),
      message,
      message.count,
      &raw,
      &count
    )
    guard unsafe done != nil else { return [] }
    return Array(raw.prefix(Int(count)))
  }

  /// Compares in a time that depends on the length only; empty values are never equal.
  package static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard !left.isEmpty, left.count == right.count else { return false }
    return unsafe CRYPTO_memcmp(left, right, left.count) == 0
  }

  /// Compares in a time that depends on the length only; empty values are never equal.
  package static func areEqual(_ left: ByteView, _ right: ByteView) -> Bool {
    guard !left.isEmpty, left.count == right.count else { return false }
    return unsafe left.withUnsafeBytes { left in
      unsafe right.withUnsafeBytes { right in
        unsafe CRYPTO_memcmp(left.baseAddress, right.baseAddress, left.count) == 0
      }
    }
  }

  private mutating func update(with bytes: [UInt8]) -> Bool {
    bytes.isEmpty || (unsafe EVP_DigestUpdate(context, bytes, bytes.count)) == 1
  }
}

/// Hexadecimal text, lower case when written.
enum Hex {
  /// Writes two digits for each byte.
  static func encode(_ bytes: some Collection<UInt8>) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count * 2)
    for byte in bytes {
      text.append(digit(byte >> 4))
      text.append(digit(byte & 15))
    }
    return text
  }

  /// Reads pairs of digits; nil when the text is anything else.
  static func decode(_ text: [UInt8]) -> [UInt8]? {
    guard text.count.isMultiple(of: 2) else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 2)
    for index in stride(from: 0, to: text.count, by: 2) {
      guard let high = value(text[index]), let low = value(text[index + 1]) else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }

  /// The value of one digit of either case.
  static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  /// The eight digits of a number, the first one in the highest byte.
  static func digits(_ number: UInt32) -> UInt64 {
    var spread = UInt64(number)
    spread = (spread | spread << 16) & 0x0000_FFFF_0000_FFFF
    spread = (spread | spread << 8) & 0x00FF_00FF_00FF_00FF
    spread = (spread | spread << 4) & 0x0F0F_0F0F_0F0F_0F0F
    // One in each byte that is more than nine.
    let letters = (spread &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
    return spread &+ 0x3030_3030_3030_3030 &+ letters &* 0x27
  }

  /// The digit of a value below 16.
  static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }
}
