import Glibc
import MomosModel
import Testing

@testable import MomosFormat

/// What the system refuses: one line with the path, and nothing left behind.
struct WriterFailureTests {
  @Test func missingFolderIsReported() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: FormatError.self) { try MomosWriter(path: folder.file("none/a.momos")) }
    #expect(error?.rule == .cannotWrite)
    #expect(error?.description.contains(folder.file("none/a.momos")) == true)
    #expect(error?.found == "No such file or directory")
  }

  /// In a process of its own, because the superuser has to become somebody else for it.
  @Test func unwritableFolderIsReported() async {
    await #expect(processExitsWith: .success) { exit(try Self.reportsUnwritableFolder() ? 0 : 1) }
  }

  private static func reportsUnwritableFolder() throws -> Bool {
    let folder = try TemporaryFolder()
    guard unsafe chmod(folder.path, 0o555) == 0 else { return false }
    let user = geteuid()
    if user == 0 { seteuid(65_534) }
    var found = ""
    do {
      _ = try MomosWriter(path: folder.file("a.momos"))
    } catch {
      found = error.found
    }
    seteuid(user)
    // The folder goes only now, when it may be removed again.
    return folder.names.isEmpty && found == "Permission denied"
  }

  @Test func folderAsTargetIsRefused() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: FormatError.self) {
      try MomosWriter(path: folder.path, options: .init(overwrite: true))
    }
    #expect(error?.rule == .notRegularFile)
  }

  @Test func deviceAsTargetIsRefused() {
    let error = #expect(throws: FormatError.self) {
      try MomosWriter(path: "/dev/full", options: .init(overwrite: true))
    }
    #expect(error?.rule == .notRegularFile)
  }

  @Test func fullDiskIsReported() throws {
    let descriptor = unsafe open("/dev/full", O_WRONLY)
    defer { close(descriptor) }
    let failure = try #require(
      throws: SystemFailure.self,
      performing: { try PendingFile.write(try Bytes(copying: [1, 2, 3] as [UInt8]), to: descriptor, at: 0) })
    let error = TemporaryFile.failure("a.momos", code: failure.code)
    #expect(error.rule == .diskFull)
    #expect(
      error.description == "disk full: 'a.momos': expected room for the file, found No space left on device")
  }

  /// In a process of its own, because the limit is the process's.
  @Test func fileSizeLimitIsReportedAndNothingIsLeft() async {
    await #expect(processExitsWith: .success) { exit(try Self.exceedsFileSizeLimit() ? 0 : 1) }
  }

  private static func exceedsFileSizeLimit() throws -> Bool {
    let folder = try TemporaryFolder()
    var limit = rlimit(rlim_cur: 10_000, rlim_max: 10_000)
    unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    signal(SIGXFSZ, SIG_IGN)
    let writer = try MomosWriter(path: folder.file("a.momos"))
    let tensor = try Tensor([Float](repeating: 1, count: 5000), shape: Shape(vector: 5000))
    do {
      try writer.write(name: "t", dense: tensor)
      return false
    } catch {
      return error.rule == .diskFull && folder.names.isEmpty
    }
  }

  @Test(arguments: [false, true], [false, true])
  func filesAppearWhole(hasName: Bool, replacesAnother: Bool) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a")
    if replacesAnother { try TemporaryFile(target: path).rename(overwrite: false) }
    let file = try TemporaryFile(target: path, hasName: hasName)
    try file.write(try Bytes(copying: [1, 2, 3] as [UInt8]))
    let name = "a.tmp-\(getpid())-1"
    #expect(folder.names == (replacesAnother ? ["a"] : []) + (hasName ? [name] : []))
    if replacesAnother {
      #expect(throws: FormatError.self) { try file.rename(overwrite: false) }
      #expect(try MappedFile.open(path).count == 0)
    }
    try file.rename(overwrite: replacesAnother)
    #expect(folder.names == ["a"])
    #expect(try MappedFile.open(path).count == 3)
  }

  @Test(arguments: [false, true]) func abandonedFilesLeaveNothing(hasName: Bool) throws {
    let folder = try TemporaryFolder()
    do {
      let file = try TemporaryFile(target: folder.file("a"), hasName: hasName)
      try file.write(try Bytes(copying: [1] as [UInt8]))
    }
    #expect(folder.names.isEmpty)
  }

  @Test func temporaryFilesOfDeadProcessesAreRemoved() throws {
    let folder = try TemporaryFolder()
    // Process numbers end below 2^22 on Linux, so that this one is nobody's.
    let dead = folder.file("a.momos.tmp-2000000000-1")
    let others = ["a.momos.tmp-\(getppid())-1", "a.momos.tmp-x-1", "b.momos.tmp-2000000000-1"]
    for path in [dead] + others.map(folder.file) {
      close(unsafe open(path, O_WRONLY | O_CREAT, 0o600))
    }
    try SampleModel.write(Model(), to: folder.file("a.momos"))
    #expect(folder.names == (["a.momos"] + others).sorted())
  }

  @Test func writersOfOneTargetDoNotDisturbEachOther() throws {
    let folder = try TemporaryFolder()
    let options = MomosWriter.Options(overwrite: true)
    let first = try MomosWriter(path: folder.file("a.momos"), options: options)
    let second = try MomosWriter(path: folder.file("a.momos"), options: options)
    #expect(!folder.names.contains("a.momos"))
    try first.write(name: "first", dense: try Tensor([1] as [Float], shape: Shape([])))
    try second.write(name: "second", dense: try Tensor([2] as [Float], shape: Shape([])))
    _ = try second.finish()
    _ = try first.finish()
    #expect(try MomosReader(path: folder.file("a.momos")).hasTensor("first"))
    #expect(folder.names == ["a.momos"])
  }
}
