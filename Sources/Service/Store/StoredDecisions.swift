internal import Engine
internal import Journal
internal import Wire

/// Decision records of calls that only the store knows.
package enum StoredDecisions {
  /// Whether a server's folder has a store.
  package static func isThere(data: String) -> Bool { (try? StoreReader(data)) != nil }

  /// The record of a call as JSON, as a running server gives it; nil: there is none.
  ///
  /// - Parameters:
  ///   - call: A ConnID, a CallUUID, a caller's number, or `last`.
  ///   - agent: Whom alone to show.
  ///   - all: Whether every candidate is named.
  ///   - data: The server's folder.
  /// - Returns: The record.
  /// - Throws: Why it cannot be found.
  package static func text(
    of call: String,
    agent: String?,
    all: Bool,
    data: String
  ) throws -> String? {
    do throws(StoreError) {
      let reader = try StoreReader(data)
      let id = agent.map { AgentID($0) }
      guard let record = try reader.decision(ofCall: call, only: id) else { return nil }
      let lines =
        id.map { DecisionText.lines(record, whyNot: $0) }
        ?? DecisionText.lines(record, candidatesMax: all ? .max : DecisionText.candidatesShown)
      var writer = JSONWriter()
      writer.value(record, onlySearches: id != nil, lines: lines)
      return writer.text
    } catch {
      throw ServiceError(error.message)
    }
  }
}
