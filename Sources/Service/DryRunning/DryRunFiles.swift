internal import Glibc
public import Workbench

/// The files that a dry-run writes: complete, or not there at all.
public struct DryRunFiles {
  /// Where Debian's `libjs-chart.js` puts the plotting library.
  static let chartLibrary = "/usr/share/javascript/chart.js/chart.min.js"

  private let html: String?
  private let csv: String?
  private let library: String

  /// Prepares the files; whatever is missing is said before anything is run.
  ///
  /// - Parameters:
  ///   - html: Where the page goes; nil: nowhere.
  ///   - csv: Where the table goes; nil: nowhere.
  /// - Throws: That the plotting library is missing, or that a file cannot be written.
  public init(html: String?, csv: String?) throws(ServiceError) {
    self.html = html
    self.csv = csv
    for path in [html, csv].compactMap({ $0 }) {
      let folder = Files.folder(of: path)
      guard Files.isFolder(folder), unsafe access(folder, W_OK) == 0 else {
        throw ServiceError("cannot write \(path): there is no folder \(folder) to write in")
      }
    }
    guard html != nil else {
      library = ""
      return
    }
    let path = Files.variable("POINTSMAN_CHART_JS") ?? Self.chartLibrary
    guard let text = Files.text(path) else {
      throw ServiceError(
        "--html needs the plotting library Chart.js, and \(path) cannot be read:"
          + " apt-get install libjs-chart.js"
      )
    }
    library = text
  }

  /// Writes them.
  ///
  /// - Throws: What cannot be written.
  public func write(_ report: DryRunReport) throws(ServiceError) {
    if let csv {
      let partial = csv + ".part"
      do throws(ServiceError) {
        let file = try OutputFile(partial)
        let isWritten = report.writeRows { rows in
          unsafe rows.withUnsafeBytes { unsafe file.write($0) }
        }
        guard isWritten else { throw ServiceError("cannot write \(csv)") }
        try file.finish()
      } catch {
        Files.remove(partial)
        throw error
      }
      guard unsafe rename(partial, csv) == 0 else { throw ServiceError("cannot write \(csv)") }
    }
    if let html, let trouble = Files.write(page(report), to: html) {
      throw ServiceError(trouble)
    }
  }

  /// The page: style, data, library and script in one text.
  private func page(_ report: DryRunReport) -> [UInt8] {
    // A closing tag in the data would end it.
    let data = report.pageJSON.split(separator: "</", omittingEmptySubsequences: false)
    let parts: [(mark: String, bytes: [UInt8])] = [
      ("/*STYLE*/", PackageResources.Report_css),
      ("/*DATA*/", Array(data.joined(separator: "<\\/").utf8)),
      ("/*LIBRARY*/", Array(library.utf8)),
      ("/*SCRIPT*/", PackageResources.Report_js),
    ]
    var rest = String(decoding: PackageResources.Report_html, as: UTF8.self)[...]
    var page: [UInt8] = []
    for part in parts {
      guard let mark = rest.firstRange(of: part.mark) else { continue }
      page += rest[..<mark.lowerBound].utf8
      page += part.bytes
      rest = rest[mark.upperBound...]
    }
    page += rest.utf8
    return page
  }
}

extension Substring {
  /// Where a text begins and ends in this one.
  fileprivate func firstRange(of text: String) -> Range<Index>? {
    var at = startIndex
    while at < endIndex {
      if self[at...].hasPrefix(text) { return at..<index(at, offsetBy: text.count) }
      at = index(after: at)
    }
    return nil
  }
}
