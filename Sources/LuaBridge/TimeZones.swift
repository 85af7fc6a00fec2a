internal import CLuaShim

/// The time zones of the system, as `local_time` knows them.
public enum TimeZones {
  /// Whether there is a time zone of that name, such as `Europe/London`.
  public static func exists(_ name: String) -> Bool {
    unsafe name.withSlice { unsafe rs_zone_exists($0) }
  }
}
