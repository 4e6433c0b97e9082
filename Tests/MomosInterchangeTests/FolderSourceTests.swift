import FoundationEssentials
import MomosModel
import Testing

@testable import MomosInterchange

struct FolderSourceTests {
  private func refusedRule(_ path: String) -> InterchangeError.Rule? {
    refusal { () throws(InterchangeError) in try FolderSource(path: path) }?.rule
  }

  @Test func tensorsAreSortedByTheBytesOfTheirNames() throws {
    let folder = try TemporaryFolder()
    let content = try SourceFixture.content("shapes/vector.npy")
    for name in ["b", "é", "a.weight", "B", "a"] { _ = try folder.write(content, to: "\(name).npy") }
    let source = try FolderSource(path: folder.path)
    #expect(source.catalog.map(\.name) == ["B", "a", "a.weight", "b", "é"])
    #expect(source.catalog[1].origin == "\(folder.path)/a.npy")
    #expect(try source.read("é").integers() == [0, 1, 2, 3, 4])
    #expect(refusal { () throws(InterchangeError) in try source.read("c") }?.rule == .unknownTensor)
  }

  @Test func otherFilesHiddenFilesAndSubfoldersAreLeftAside() throws {
    let folder = try TemporaryFolder()
    for name in ["README.md", ".hidden.npy", "w.npy.partial"] { _ = try folder.write([1], to: name) }
    try FileManager.default.createDirectory(
      atPath: "\(folder.path)/sub.npy", withIntermediateDirectories: false)
    #expect(refusedRule(folder.path) == .folderWithoutTensors)
    _ = try folder.write(SourceFixture.content("shapes/vector.npy"), to: "w.npy")
    #expect(try FolderSource(path: folder.path).catalog.map(\.name) == ["w"])
  }

  @Test func fileThatIsNoTensorIsNamed() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write([1], to: "w.npy")
    let error = refusal { () throws(InterchangeError) in try FolderSource(path: folder.path) }
    #expect(error?.rule == .npySignature)
    #expect(error?.path == path)
  }

  @Test func linkIsFollowedOnlyInsideTheFolder() throws {
    let folder = try TemporaryFolder()
    let sibling = try TemporaryFolder()
    let outside = try sibling.write(SourceFixture.content("shapes/vector.npy"), to: "w.npy")
    _ = try folder.write(SourceFixture.content("shapes/vector.npy"), to: "w.npy")
    try folder.link("inside.npy", to: "w.npy")
    #expect(try FolderSource(path: folder.path).catalog.map(\.name) == ["inside", "w"])
    try folder.link("outside.npy", to: outside)
    #expect(refusedRule(folder.path) == .linkLeavesFolder)
  }

  @Test func folderWhoseNameStartsLikeThisOneIsOutside() throws {
    let parent = try TemporaryFolder()
    for name in ["a", "ab"] {
      try FileManager.default.createDirectory(
        atPath: "\(parent.path)/\(name)", withIntermediateDirectories: false)
    }
    _ = try parent.write(SourceFixture.content("shapes/vector.npy"), to: "ab/w.npy")
    try parent.link("a/w.npy", to: "../ab/w.npy")
    #expect(refusedRule("\(parent.path)/a") == .linkLeavesFolder)
  }

  @Test func linkToNothingIsRefused() throws {
    let folder = try TemporaryFolder()
    try folder.link("w.npy", to: "nothing")
    #expect(refusedRule(folder.path) == .missingFile)
  }

  @Test func changedFileIsRefused() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(SourceFixture.content("shapes/vector.npy"), to: "w.npy")
    let source = try FolderSource(path: folder.path)
    _ = try folder.write(SourceFixture.content("shapes/scalar.npy"), to: "w.npy")
    let error = refusal { () throws(InterchangeError) in try source.read("w") }
    #expect(error?.rule == .fileChanged)
    #expect(error?.path == path)
  }
}
