import Glibc
import MomosModel
import Testing

@testable import MomosFormat

struct MappedFileTests {
  private static func write(_ bytes: [UInt8], to path: String) throws {
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT, 0o600)
    defer { close(descriptor) }
    try TemporaryFile.write(try Bytes(copying: bytes), to: descriptor, at: 0, path: path)
  }

  @Test(arguments: LoadMode.allCases) func contentsAreRead(load: LoadMode) throws {
    let folder = try TemporaryFolder()
    let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0) }
    try Self.write(bytes, to: folder.file("a"))
    #expect(try MappedFile.open(folder.file("a"), load: load).array(of: UInt8.self) == bytes)
  }

  @Test(arguments: LoadMode.allCases) func emptyFileIsTooShort(load: LoadMode) throws {
    let folder = try TemporaryFolder()
    try Self.write([], to: folder.file("a"))
    let error = #expect(throws: FormatError.self) { try MomosReader(path: folder.file("a"), load: load) }
    #expect(error?.rule == .f01)
  }

  /// A mapping would raise SIGBUS here.
  @Test func copyIsImmuneToShrinking() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.momos")
    try SampleModel.write(try SampleModel.model(), to: path)
    let reader = try MomosReader(path: path, load: .copy)
    #expect(unsafe truncate(path, 0) == 0)
    try reader.checkAll()
  }

  /// There is one, which cannot be read: nothing is missing.
  @Test func linkToItselfIsNotMissing() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.momos")
    try #require(unsafe symlink("a.momos", path) == 0)
    let error = #expect(throws: FormatError.self) { try MomosReader(path: path) }
    #expect(error?.rule == .cannotRead)
  }

  @Test func missingFileIsReported() {
    let error = #expect(throws: FormatError.self) { try MomosReader(path: "/nowhere/a.momos") }
    #expect(error?.rule == .cannotOpen)
    #expect(
      error?.description
        == "cannot open: '/nowhere/a.momos': expected a readable file, found No such file or directory")
  }

  @Test func folderIsNotAFile() {
    let error = #expect(throws: FormatError.self) { try MomosReader(path: "/tmp") }
    #expect(error?.rule == .notRegularFile)
  }

  /// Opening a pipe that nobody writes to must not wait.
  @Test func pipeIsNotAFile() throws {
    let folder = try TemporaryFolder()
    #expect(unsafe mkfifo(folder.file("pipe"), 0o600) == 0)
    let error = #expect(throws: FormatError.self) { try MomosReader(path: folder.file("pipe")) }
    #expect(error?.rule == .notRegularFile)
  }
}
