import Engine
import SIPGlue
import Service
import Testing

@Suite("Who was turned away is said, once a minute")
struct DoorLogTests {
  private static func at(_ seconds: UInt64) -> Instant {
    Instant(nanoseconds: seconds * 1_000_000_000)
  }

  @Test func theFirstAtOnceTheOthersTogether() {
    var log = DoorLog()
    var counters = SIPCounters()
    counters.received = 9
    #expect(log.sentence(counters, at: Self.at(5)) == nil)
    counters.limited = 1
    #expect(
      log.sentence(counters, at: Self.at(6))
        == "sip: messages turned away: 1 of addresses that send too many"
    )
    counters.limited = 40_000
    counters.scanners = 2
    counters.lockouts = 3
    #expect(log.sentence(counters, at: Self.at(65)) == nil)
    #expect(
      log.sentence(counters, at: Self.at(66))
        == "sip: messages turned away: 39999 of addresses that send too many, 2 of scanners, "
        + "3 of users who guess passwords or come too often"
    )
    #expect(log.sentence(counters, at: Self.at(200)) == nil)
  }

  @Test func aPeerThatNoAddressReachesIsNamed() {
    var log = DoorLog()
    var counters = SIPCounters()
    counters.unreached = 2
    counters.lastUnreached = Endpoint(ipv6: 0x2001_0DB8_0000_0000, 5, port: 5070)
    #expect(
      log.sentence(counters, at: Self.at(5))
        == "sip: requests not sent: 2, no address of listen reaches udp:[2001:db8::5]:5070"
    )
    counters.scanners = 1
    counters.unreached = 3
    #expect(
      log.sentence(counters, at: Self.at(70))
        == "sip: messages turned away: 1 of scanners; "
        + "requests not sent: 1, no address of listen reaches udp:[2001:db8::5]:5070"
    )
  }
}
