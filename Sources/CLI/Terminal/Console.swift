internal import Glibc

/// Standard output and standard error.
enum Console {
  /// Makes a reader that goes away (`| head`) an error of `write` instead of a signal.
  static func prepare() {
    _ = signal(SIGPIPE, SIG_IGN)
  }

  /// Writes a line of results.
  static func print(_ line: String) { write(line + "\n") }

  /// Writes a result as it is; a reader that went away ends the program quietly.
  static func write(_ text: String) {
    guard put(text, to: STDOUT_FILENO) else { exit(Outcome.well.rawValue) }
  }

  /// Writes a line for people to standard error.
  static func complain(_ line: String) { _ = put(line + "\n", to: STDERR_FILENO) }

  /// Writes a text that goes on in the same line to standard error.
  static func complainWithoutEnd(_ text: String) { _ = put(text, to: STDERR_FILENO) }

  /// Whether standard output is a terminal.
  static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  /// Whether colours are welcome (NO_COLOR).
  static var hasColour: Bool {
    guard isTerminal else { return false }
    guard let value = unsafe getenv("NO_COLOR") else { return true }
    return unsafe value.pointee == 0
  }

  /// Whether somebody has said that he reads ASCII only (LC_ALL, LC_CTYPE, LANG).
  static var isASCIIOnly: Bool {
    for name in ["LC_ALL", "LC_CTYPE", "LANG"] {
      guard let value = unsafe getenv(name), unsafe value.pointee != 0 else { continue }
      let text = unsafe String(cString: value)
      return text == "C" || text == "POSIX"
    }
    return false
  }

  /// Rows and columns of the terminal.
  static var size: (rows: Int, columns: Int) {
    var size = winsize()
    let request = UInt(TIOCGWINSZ)
    let result = unsafe ioctl(STDOUT_FILENO, request, &size)
    guard result == 0, size.ws_row > 0, size.ws_col > 0 else {
      return (24, 80)
    }
    return (Int(size.ws_row), Int(size.ws_col))
  }

  private static func put(_ text: String, to descriptor: Int32) -> Bool {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let written = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.write(descriptor, buffer.baseAddress, buffer.count)
      }
      guard written > 0 else {
        if errno == EINTR || errno == EAGAIN { continue }
        return false
      }
      bytes = bytes.dropFirst(written)
    }
    return true
  }
}
