internal import Glibc

// Writing: whole files, so that whoever reads sees the old or the new one.
extension Files {
  /// Writes a file beside its place and moves it there.
  ///
  /// - Returns: Why it could not, or nil.
  package static func write(_ bytes: [UInt8], to path: String) -> String? {
    let partial = path + ".part"
    let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC
    let descriptor = unsafe open(partial, flags, 0o644)
    guard descriptor >= 0 else { return "cannot write \(path): \(reason)" }
    var offset = 0
    while offset < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.write(
          descriptor,
          buffer.baseAddress.map { unsafe $0 + offset },
          bytes.count - offset
        )
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        let text = "cannot write \(path): \(reason)"
        close(descriptor)
        remove(partial)
        return text
      }
      offset += count
    }
    close(descriptor)
    guard unsafe rename(partial, path) == 0 else { return "cannot write \(path): \(reason)" }
    return nil
  }

  /// Makes an empty file that nobody but its owner reads; one that is there keeps what is in it.
  static func makePrivate(_ path: String) {
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return }
    fchmod(descriptor, 0o600)
    close(descriptor)
  }

  /// Removes a file, if it is there.
  static func remove(_ path: String) { unsafe _ = unlink(path) }

  /// What the kernel said last, in words.
  private static var reason: String { unsafe String(cString: strerror(errno)) }
}
