internal import SIPGlue

/// Identifies contents: the same for the same files, different for any others.
enum Fingerprint {
  /// SHA-256 over names and contents, with their lengths, as 64 hexadecimal digits.
  static func of(_ files: [(name: String, bytes: [UInt8])]) -> String {
    var input: [UInt8] = []
    for file in files {
      for part in [Array(file.name.utf8), file.bytes] {
        let length = UInt64(part.count)
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
          input.append(UInt8(truncatingIfNeeded: length >> shift))
        }
        input += part
      }
    }
    return digits(of: input)
  }

  /// SHA-256 of the contents of one file, as `sha256sum` prints it.
  static func of(contents bytes: [UInt8]) -> String { digits(of: bytes) }

  private static func digits(of input: [UInt8]) -> String {
    // The line side has SHA-256 for digest authentication; one hash is enough for one program.
    guard var hash = try? DigestHash() else { preconditionFailure("libcrypto has no SHA-256") }
    let digits = hash.hex(.sha256, of: [input])
    precondition(digits.count == 64, "libcrypto has no SHA-256")
    return String(decoding: digits, as: UTF8.self)
  }

  /// What people are shown of a fingerprint.
  static func short(_ fingerprint: String) -> String { String(fingerprint.prefix(12)) }
}
