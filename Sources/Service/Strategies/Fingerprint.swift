internal import CCrypto

/// Identifies contents: the same for the same files, different for any others.
enum Fingerprint {
  /// SHA-256 over names and contents, with their lengths, as 64 hexadecimal digits.
  static func of(_ files: [(name: String, bytes: [UInt8])]) -> String {
    var input: [UInt8] = []
    for file in files {
      for part in [Array(file.name.utf8), file.bytes] {
        var length = UInt64(part.count).bigEndian
        unsafe withUnsafeBytes(of: &length) { unsafe input.append(contentsOf: $0) }
        input += part
      }
    }
    var digest = [UInt8](repeating: 0, count: 32)
    var length: UInt32 = 0
    let done = unsafe EVP_Digest(input, input.count, &digest, &length, EVP_sha256(), nil)
    precondition(done == 1 && length == 32, "libcrypto has no SHA-256")
    let digits = Array("0123456789abcdef".utf8)
    let text = digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    return String(decoding: text, as: UTF8.self)
  }

  /// What people are shown of a fingerprint.
  static func short(_ fingerprint: String) -> String { String(fingerprint.prefix(12)) }
}
