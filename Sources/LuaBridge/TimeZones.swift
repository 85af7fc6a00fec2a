internal import CLuaShim

/// The time zones of the system, as `local_time` knows them.
public enum TimeZones {
  /// Their names, such as `Europe/London`; read from the disk each time.
  public static var names: Set<String> {
    var count = 0
    guard let text = unsafe rs_zone_names(&count) else { return [] }
    defer { unsafe rs_zone_names_free(text) }
    let bytes = unsafe UnsafeRawBufferPointer(start: text, count: count)
    return Set(
      unsafe String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    )
  }
}
