enum SIPServerLogImport { static func run(_ r: ImportRequest, _ c: inout FactCollector, _ p: Import.Progress) throws(ImportError) {} }
