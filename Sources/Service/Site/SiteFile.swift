internal import Engine
internal import LuaBridge
internal import SIPGlue

/// Reads a site file: runs it in the sandbox, takes it apart, checks it.
package enum SiteFile {
  /// What came out: a site when there are no errors, and what was found in any case.
  package struct Loaded: Sendable {
    /// The site; nil when there are errors.
    package var site: Site?
    /// Errors and warnings, in the order of the file.
    package var findings: [Finding]
    /// The site, also when its only errors are queues that nobody serves: good enough to check
    /// strategies against.
    package var draft: Site?
    /// What is in the file, for telling later whether it has changed.
    package var fingerprint: String
  }

  /// A site file is run once and may be as large as the site: tens of thousands of agents.
  private static var budgets: Limits {
    var limits = Limits.standard
    limits.strategyInstructionsMax *= 50
    limits.strategyMemoryGrowthMax = 256 << 20
    limits.strategyMemoryMax = 2 << 30
    return limits
  }

  /// Reads the site file at `path`.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - strategies: The names of the strategies that there are; nil: not checked.
  /// - Returns: The site, if it has no errors, and what was found.
  /// - Throws: When the file cannot be read at all.
  package static func load(
    _ path: String,
    strategies: [String]?
  ) throws(ServiceError) -> Loaded {
    guard let bytes = Files.read(path) else {
      throw ServiceError("cannot read the site file \(path)")
    }
    let folder = Files.folder(of: path)
    return read(bytes, file: path, strategies: strategies) { name in
      let secret = name.hasPrefix("/") ? name : folder + "/" + name
      guard let text = Files.text(secret) else { return nil }
      // A secret is a line; the line's end does not belong to it.
      return String(text.prefix { $0 != "\n" && $0 != "\r\n" && $0 != "\r" })
    }
  }

  /// Reads the text of a site file.
  package static func read(
    _ bytes: [UInt8],
    file: String,
    strategies: [String]?,
    secret: @escaping (String) -> String?
  ) -> Loaded {
    let fingerprint = Fingerprint.of([(file, bytes)])
    func failed(_ line: Int, _ column: Int, _ message: String) -> Loaded {
      let finding = Finding(file: file, line: line, column: column, message: message)
      return Loaded(site: nil, findings: [finding], draft: nil, fingerprint: fingerprint)
    }
    let locator: TableLocator
    do {
      locator = try TableLocator(source: String(decoding: bytes, as: UTF8.self))
    } catch {
      return failed(error.line, error.column, error.message)
    }
    let value: LuaValue
    do {
      value = try ConstantTable.evaluate(source: bytes, chunkname: file, limits: Self.budgets)
    } catch {
      return failed(max(error.line, 1), 1, error.message)
    }
    var world = SiteReader.World(
      place: { locator.position(of: $0) },
      variable: { Files.variable($0) },
      secret: secret,
      strategies: strategies
    )
    let folder = Files.folder(of: file)
    world.path = { $0.hasPrefix("/") ? $0 : folder + "/" + $0 }
    world.problemOfTLS = { files in
      do {
        _ = try TLSCredentials(files)
        return nil
      } catch {
        return "\(error)"
      }
    }
    var reader = SiteReader(file: file, world: world)
    reader.read(value)
    let errorCount = reader.findings.count { $0.severity == .error }
    return Loaded(
      site: errorCount > 0 ? nil : reader.site,
      findings: reader.findings,
      draft: errorCount > reader.unservedCount ? nil : reader.site,
      fingerprint: fingerprint
    )
  }
}
