import Foundation
import SIPGlue
import Testing

/// What holding the scanner against libosip2 found.
struct Difference: CustomStringConvertible {
  var name: String
  var field: String
  var bytes: [UInt8]

  var description: String {
    "\(name): \(field)\n\(String(decoding: bytes.prefix(700), as: UTF8.self).debugDescription)"
  }
}

/// Counts of a run.
struct Tally {
  var plain = 0
  var odd = 0
  var refused = 0
  var differences: [Difference] = []

  mutating func compare(_ bytes: [UInt8], name: String) {
    bytes.withByteView { view in
      let envelope = Envelope(scanning: view)
      guard !envelope.isOdd else {
        odd += 1
        return
      }
      plain += 1
      do {
        let message = try SIPMessage(parsing: view)
        guard let field = message.disagreement(with: envelope, in: view) else { return }
        differences.append(Difference(name: name, field: field, bytes: bytes))
      } catch {
        // Refused for the sake of a header that the scanner does not vouch for, or of one it does?
        refused += 1
        let reduced = Self.reduced(envelope, view)
        let field = reduced.withByteView { core -> String? in
          guard let message = try? SIPMessage(parsing: core) else { return "refused: \(error)" }
          return message.disagreement(with: Envelope(scanning: core), in: core)
        }
        guard let field else { return }
        differences.append(Difference(name: name, field: field, bytes: bytes))
      }
    }
  }

  /// The message with only the headers that transactions and dialogs live by.
  private static func reduced(_ envelope: Envelope, _ bytes: ByteView) -> [UInt8] {
    let core = ["via", "v", "from", "f", "to", "t", "call-id", "i", "cseq", "content-length", "l"]
    var result = bytes.view(from: 0, to: envelope.headerLines.start).array
    var start = envelope.headerLines.start
    while let line = envelope.header(at: start, in: bytes) {
      if core.contains(line.name.string.lowercased()) {
        result += bytes.view(from: start, to: line.next).array
      }
      start = line.next
    }
    return result + [13, 10] + bytes[envelope.body].array
  }
}

@Suite("The scanner against libosip2")
struct FuzzTests {
  private static func corpus() -> [CorpusMessage] {
    let published = FuzzCorpus.torture() + FuzzCorpus.captured()
    if published.isEmpty { print("shared data is absent: only our own fixtures are compared") }
    return FuzzCorpus.fixtures() + published
  }

  @Test("On every message of the corpora they agree, or the scanner says odd")
  func corporaAgree() {
    var tally = Tally()
    for message in Self.corpus() { tally.compare(message.bytes, name: message.name) }
    #expect(tally.differences.count == 0, "\(tally.differences.prefix(2))")
    #expect(tally.plain > tally.odd)
  }

  @Test("On 100,000 mutations they agree, or the scanner says odd", .timeLimit(.minutes(15)))
  func mutationsAgree() {
    let seed = ProcessInfo.processInfo.environment["FUZZ_SEED"].flatMap { UInt64($0) } ?? 13
    let corpus = Self.corpus().map(\.bytes)
    var mutator = Mutator(seed: seed)
    var tally = Tally()
    for round in 0..<100_000 {
      let original = corpus[round % corpus.count]
      tally.compare(mutator.mutate(original), name: "mutation \(round)")
    }
    #expect(tally.differences.count == 0, "\(tally.differences.prefix(2))")
    #expect(tally.plain > 1_000)
  }

  @Test("10,000 messages with changed bytes stop nothing and leave nothing behind")
  func bytesAreSurvived() {
    let corpus = Self.corpus().map(\.bytes)
    var mutator = Mutator(seed: 10)
    let bench = TransactionBench()
    var verdicts: [String: Int] = [:]
    for round in 0..<10_000 {
      let original = corpus[round % corpus.count]
      let message = round % 2 == 0 ? mutator.flip(original) : mutator.mutate(original)
      bench.now += 10 * TransactionBench.millisecond
      let verdict = message.withByteView { bench.swallow($0) }
      verdicts["\(verdict)".prefix { $0 != "(" }.description, default: 0] += 1
      bench.out.removeAll()
    }
    #expect(verdicts.values.reduce(0, +) == 10_000)
    #expect(verdicts.keys.sorted() == ["accept", "answer", "drop"])
    _ = bench.run(to: bench.now / TransactionBench.millisecond + 64_000)
    #expect(bench.count == 0)
    #expect(bench.lent == 0)
  }
}
