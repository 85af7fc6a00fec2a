internal import CPCAP
internal import Glibc

/// A capture that libpcap reads, pcap or pcapng, packet by packet.
@safe
final class CaptureFile {
  /// A packet as it was captured.
  struct Packet {
    /// Nanoseconds since 1970.
    var at: Int64
    var bytes: [UInt8]
    /// Whether the capture kept less than there was.
    var isCut: Bool
  }

  private let path: String
  private let handle: OpaquePointer
  /// What the frames are: a number of libpcap.
  let link: Int32
  /// Packets that were read.
  private(set) var count = 0
  let size: UInt64

  /// Opens a capture.
  ///
  /// - Throws: Why it cannot be read.
  init(_ path: String) throws(ImportError) {
    let probe = try InputFile(path)
    guard !probe.peek(1).isEmpty else { throw ImportError("\(path): the file is empty") }
    size = probe.size
    var reason = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
    let precision = UInt32(PCAP_TSTAMP_PRECISION_NANO)
    let opened = unsafe pcap_open_offline_with_tstamp_precision(path, precision, &reason)
    guard let opened = unsafe opened else {
      let text = String(
        decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) },
        as: UTF8.self
      )
      throw ImportError("\(path): packet 1: no capture that libpcap can read: \(text)")
    }
    self.path = path
    unsafe handle = opened
    link = unsafe pcap_datalink(opened)
  }

  deinit { unsafe pcap_close(handle) }

  /// How many bytes were read.
  var offset: UInt64 {
    guard let file = unsafe pcap_file(handle) else { return 0 }
    return UInt64(max(0, unsafe ftell(file)))
  }

  /// The next packet; nil at the end.
  ///
  /// - Throws: Where the file breaks off.
  func next() throws(ImportError) -> Packet? {
    var header: UnsafeMutablePointer<pcap_pkthdr>?
    var data: UnsafePointer<UInt8>?
    switch unsafe pcap_next_ex(handle, &header, &data) {
    case 1:
      guard let header = unsafe header?.pointee, let data = unsafe data else { return nil }
      count += 1
      let length = Int(header.caplen)
      // Seconds are unsigned in the file; libpcap reads those after 2038 as negative.
      let seconds = Int64(header.ts.tv_sec) + (header.ts.tv_sec < 0 ? 1 << 32 : 0)
      return CaptureFile.Packet(
        at: seconds * 1_000_000_000 + Int64(header.ts.tv_usec),
        bytes: unsafe Array(UnsafeBufferPointer(start: data, count: length)),
        isCut: header.caplen < header.len
      )
    case PCAP_ERROR_BREAK: return nil
    default:
      let text = unsafe pcap_geterr(handle).map { unsafe String(cString: $0) } ?? "unreadable"
      throw ImportError("\(path): packet \(count + 1): the capture breaks off here: \(text)")
    }
  }
}
