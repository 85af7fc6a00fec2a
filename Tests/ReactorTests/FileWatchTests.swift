import Glibc
import Reactor
import Testing

@Suite struct FileWatchTests {
  private func changes(_ watch: inout FileWatch) throws -> [FileWatch.Change] {
    var changes: [FileWatch.Change] = []
    try watch.changes(into: &changes)
    return changes
  }

  @Test func aFileWrittenInAWatchedFolderIsReported() throws {
    let folder = ScratchFolder()
    var watch = try FileWatch()
    try watch.watch(folder: folder.path + "/")
    #expect(try changes(&watch) == [])
    folder.write("return 1", to: "any.lua")
    #expect(try changes(&watch) == [.changed(folder.file("any.lua"))])
    unlink(folder.file("any.lua"))
    #expect(try changes(&watch) == [.removed(folder.file("any.lua"))])
  }

  @Test func anEditorsRenameIntoPlaceIsAChangeOfTheFile() throws {
    let folder = ScratchFolder()
    folder.write("old", to: "site.lua")
    folder.write("other", to: "other.lua")
    var watch = try FileWatch()
    try watch.watch(file: folder.file("site.lua"))
    for _ in 0..<3 {
      folder.write("new", to: ".site.lua.swp")
      rename(folder.file(".site.lua.swp"), folder.file("site.lua"))
      #expect(try changes(&watch) == [.changed(folder.file("site.lua"))])
    }
    folder.write("nobody asked", to: "other.lua")
    #expect(try changes(&watch) == [])
  }

  @Test func anEditorsBackupByRenameIsARemovalAndAChange() throws {
    let folder = ScratchFolder()
    folder.write("old", to: "site.lua")
    var watch = try FileWatch()
    try watch.watch(file: folder.file("site.lua"))
    rename(folder.file("site.lua"), folder.file("site.lua~"))
    folder.write("new", to: "site.lua")
    #expect(
      try changes(&watch) == [
        .removed(folder.file("site.lua")), .changed(folder.file("site.lua")),
      ]
    )
  }

  @Test func aFileIsReportedBeforeItEverExisted() throws {
    let folder = ScratchFolder()
    var watch = try FileWatch()
    try watch.watch(file: folder.file("site.lua"))
    folder.write("first", to: "site.lua")
    #expect(try changes(&watch) == [.changed(folder.file("site.lua"))])
  }

  @Test func aLinkPutInPlaceIsAChange() throws {
    let folder = ScratchFolder()
    folder.write("v1", to: "v1")
    var watch = try FileWatch()
    try watch.watch(file: folder.file("current"))
    symlink("v1", folder.file("current"))
    #expect(try changes(&watch) == [.changed(folder.file("current"))])
  }

  @Test func foldersOfATreeAreWatchedAlsoWhenTheyAppearLater() throws {
    let folder = ScratchFolder()
    mkdir(folder.file("lib"), 0o700)
    var watch = try FileWatch()
    try watch.watch(folder: folder.path, tree: true)
    folder.write("return {}", to: "lib/hours.lua")
    #expect(try changes(&watch) == [.changed(folder.file("lib/hours.lua"))])
    mkdir(folder.file("data"), 0o700)
    folder.write("a,b", to: "data/vip.csv")
    #expect(try changes(&watch).contains(.changed(folder.file("data/vip.csv"))))
    folder.write("a,c", to: "data/vip.csv")
    #expect(try changes(&watch) == [.changed(folder.file("data/vip.csv"))])
  }

  @Test func aFolderThatDisappearsIsReportedOnceAndCanBeWatchedAgain() throws {
    let folder = ScratchFolder()
    mkdir(folder.file("strategies"), 0o700)
    var watch = try FileWatch()
    try watch.watch(folder: folder.file("strategies"))
    rmdir(folder.file("strategies"))
    #expect(try changes(&watch) == [.lost(folder.file("strategies"))])
    mkdir(folder.file("strategies"), 0o700)
    try watch.watch(folder: folder.file("strategies"))
    folder.write("return 1", to: "strategies/a.lua")
    #expect(try changes(&watch) == [.changed(folder.file("strategies/a.lua"))])
  }

  @Test func aFolderThatDoesNotExistIsNamedInTheError() throws {
    var watch = try FileWatch()
    let error = #expect(throws: ReactorError.self) { try watch.watch(folder: "/nowhere/at/all") }
    #expect(
      error?.description == "watch folder /nowhere/at/all: No such file or directory (errno 2)"
    )
  }

  @Test func changesWakeALoop() throws {
    let folder = ScratchFolder()
    var watch = try FileWatch()
    try watch.watch(folder: folder.path)
    var loop = try EventLoop()
    try loop.add(watch.descriptor, .readable, token: EventLoop.Token(3))
    #expect(try loop.wait(until: 0) == 0)
    folder.write("x", to: "a")
    #expect(try loop.wait(until: patience) == 1)
    #expect(try changes(&watch) == [.changed(folder.file("a"))])
    #expect(try loop.wait(until: 0) == 0)
  }
}
