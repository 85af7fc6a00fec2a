import Testing

/// The house rules on the project as it stands.
///
/// Each rule is a function over a list of files, so that PlantedViolationTests can show that it
/// finds what it is for.
@Suite struct TidyTests {
  let files: [SourceFile]

  init() throws {
    files = try Project.files()
  }

  @Test func theProjectIsReadWhole() {
    // A rule over no files would always hold.
    for room in LayerRules.rooms.map(\.name) + LayerRules.cRooms.keys {
      #expect(files.contains { $0.room == room }, "no file of \(room) was read")
    }
    #expect(files.contains { $0.path == "Makefile" })
    #expect(files.contains { $0.path == "site.lua" })
  }

  @Test func everyRoomIsInTheLayerTable() {
    expectNone(LayerRules.unknownRooms(files))
  }

  @Test func roomsImportOnlyLowerLayers() {
    expectNone(LayerRules.forbiddenImports(files))
  }

  @Test func theEngineImportsNothing() {
    for file in files where file.room == "Engine" {
      #expect(LayerRules.imports(of: file).isEmpty, "\(file.path) imports")
    }
  }

  @Test func peersAreBlindToEachOther() {
    expectNone(LayerRules.namedPeers(files))
  }

  @Test func eachForeignInterfaceIsSpokenInItsRoom() {
    expectNone(WordRules.foreignInterfaces(files))
  }

  @Test func theEngineIsPure() {
    expectNone(WordRules.engineImpurities(files))
  }

  @Test func nothingIsGlobal() {
    expectNone(WordRules.globalState(files))
  }

  @Test func testsGoThroughTheBoundary() {
    expectNone(WordRules.testableImports(files))
  }

  @Test func nothingIsLeftBehind() {
    expectNone(WordRules.leftovers(files))
  }

  @Test func filesAreShortEnoughToRead() {
    expectNone(SizeRules.longFiles(files))
  }

  @Test func functionsAreShortEnoughToRead() {
    expectNone(SizeRules.longFunctions(files))
  }

  @Test func linesFitSideBySide() {
    expectNone(SizeRules.wideLines(files))
  }

  @Test func noFileHasTabs() {
    expectNone(SizeRules.tabs(files))
  }

  @Test func everyDecisionIsLinkedFromTheArchitecture() {
    expectNone(PaperRules.unlinkedDecisions(files))
  }

  @Test func theArchitectureDescribesEveryRoom() {
    expectNone(PaperRules.undescribedRooms(files))
  }

  @Test func theChangelogHasAnUnreleasedSection() {
    expectNone(PaperRules.changelogWithoutUnreleased(files))
  }

  @Test func setupInstallsEverySystemLibrary() {
    expectNone(PaperRules.unlistedPackages(files))
  }

  @Test func theReadmeShowsTheTwoCommands() {
    expectNone(PaperRules.missingCommands(files))
  }

  @Test func everyCommandOfThePapersExists() {
    expectNone(PaperRules.unknownTargets(files))
  }

  @Test func everyLinkOfThePapersLeadsSomewhere() {
    expectNone(PaperRules.deadLinks(files))
  }

  private func expectNone(
    _ violations: [Violation],
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for violation in violations {
      Issue.record("\(violation)", sourceLocation: sourceLocation)
    }
  }
}
