import Engine
import Foundation
import SIPGlue
import Testing

/// Our own torture messages get what their table says; `Tests/RealClients/run.py torture` does the
/// same over UDP, with the published ones too.
@Suite("Torture messages of our own: the rest of RFC 4475, and RFC 5118")
struct TortureTests {
  struct Row: CustomTestStringConvertible {
    var file: String
    var isPhone: Bool
    var statuses: [Int]
    var text: String
    var testDescription: String { file }
  }

  static let rows: [Row] = {
    let folder = FuzzCorpus.root.appendingPathComponent("Tests/Corpus/sip")
    let table = folder.appendingPathComponent("EXPECT.tsv")
    let lines = (try? String(contentsOf: table, encoding: .utf8)) ?? ""
    return lines.split(separator: "\n").dropFirst().map { line in
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      return Row(
        file: fields[0],
        isPhone: fields[2] == "phones",
        statuses: fields[3].split(separator: " ").compactMap { Int($0) },
        text: fields.count > 4 ? fields[4] : ""
      )
    }
  }()

  /// A byte that no text has is written as {00}.
  static func withOddBytes(_ data: Data) -> [UInt8] {
    var result: [UInt8] = []
    var rest = ArraySlice(data)
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "{"), rest.dropFirst(2).first == UInt8(ascii: "}"),
        let odd = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        result.append(odd)
        rest = rest.dropFirst(3)
      } else {
        result.append(byte)
      }
    }
    return result
  }

  @Test func theTableIsThere() { #expect(Self.rows.count == 30) }

  @Test(arguments: rows)
  func isAnsweredAsTheTableSays(row: Row) throws {
    var plan = SIPPlan(advertisedHost: "127.0.0.1", domain: "example.com")
    if row.isPhone {
      plan.extensions = ["user", "watson"].map { RegistrarExtension($0) }
    } else {
      plan.routingPoints = ["user"]
    }
    if let network = AddressRange("127.0.0.0/8") { plan.trusted = [network] }
    var world = try PairWorld(plan: plan)
    world.engine = { signal in
      guard case .offered(let offer) = signal else { return [] }
      return [.reject(offer.connID, status: 486)]
    }
    let file = FuzzCorpus.root.appendingPathComponent("Tests/Corpus/sip/\(row.file)")
    world.receive(Self.withOddBytes(try Data(contentsOf: file)), from: 5060)
    let answers = world.sent.compactMap { PairMessage($0)?.status }.filter { $0 >= 200 }
    if row.statuses.isEmpty {
      #expect(world.sent.isEmpty)
    } else {
      #expect(answers.count == 1)
      #expect(row.statuses.contains(answers.first ?? 0))
      let last = world.sent.last ?? ""
      #expect(row.text.isEmpty || last.contains(row.text))
    }
    // Whatever it was, nothing stays behind.
    world.run(140)
    let isIdle = world.line.isIdle
    #expect(isIdle)
  }
}
