import Engine
import SIPGlue
import Testing

@Suite("The user part of a URI")
struct UserPartTests {
  private static func user(_ text: String) -> String? {
    text.withByteView { bytes in SIPURI(bytes).map { $0.userText(in: bytes) } }
  }

  @Test(arguments: [
    ("tel:+44-20-7946.0123", "+442079460123"), ("tel:(0)8000", "08000"), ("tel:80-00", "8000"),
    ("tel:8000;phone-context=ims.example", "8000"), ("tel:*61%23", "*61#"),
    ("sip:80-00@h;user=phone", "8000"), ("sip:80-00;phone-context=x@h;user=PHONE", "8000"),
    ("sip:80-00@h", "80-00"), ("sip:8000;x=y@h", "8000;x=y"), ("sip:80-00@h;user=ip", "80-00"),
    // Phones that say user=phone of everybody.
    ("sip:anna.smith@h;user=phone", "anna.smith"), ("tel:1-800-FLOWERS", "1-800-FLOWERS"),
  ])
  func telephoneNumbersAreWhatIsDialled(uri: String, number: String) {
    #expect(Self.user(uri) == number)
  }

  @Test(arguments: [
    ("sip:%38000@h", "8000"), ("sip:a%20b@h", "a b"), ("sip:a%C3%A4@h", "aä"),
    ("sip:a%0D%0AX@h", "a%0D%0AX"), ("sip:%1b[2J@h", "%1b[2J"), ("sip:a%00@h", "a%00"),
    ("sip:a%7f@h", "a%7f"), ("sip:a%7E@h", "a~"),
  ])
  func controlBytesStayEscaped(uri: String, text: String) {
    #expect(Self.user(uri) == text)
  }

  @Test func aCallToANumberWithHyphensIsOfferedAtItsDN() throws {
    var world = try PairWorld()
    let invite = SwitchTests.request("INVITE", "tel:80-00", extra: SwitchTests.contact)
    _ = SwitchTests.ask(invite, of: &world)
    #expect(world.offers.map(\.dn) == ["8000"])
  }
}
