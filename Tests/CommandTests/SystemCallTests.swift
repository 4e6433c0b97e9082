import FoundationEssentials
import MomosTestSupport
import Testing

/// Answers of the system that are rare, given by a library in front of the C library (Tests/SystemCalls).
@Suite(.disabled(if: Sanitizer.isActive))
struct SystemCallTests {
  private let folder: TestFolder
  private let library: String

  init() throws {
    folder = try TestFolder()
    library = folder.file("system_calls.so")
    let source = Fixtures.path + "/../Tests/SystemCalls/system_calls.c"
    let flags = ["-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    let result = try Subprocess("cc", flags + ["-o", library, source, "-ldl"]).wait()
    try #require(result.exitCode == 0, "\(result.standardError)")
  }

  private func environment(_ calls: String) -> [String: String] {
    ["LD_PRELOAD": library, "MOMOS_CALLS": calls, "MOMOS_CALL_LOG": folder.file("log")]
  }

  /// The lines of the log.
  private func log() throws -> [String] {
    String(decoding: try folder.bytes(of: "log"), as: UTF8.self).split(separator: "\n").map(String.init)
  }

  private func convert(_ name: String) -> [String] {
    [Digits.weights, "--graph", Digits.graph, "-o", folder.file(name), "--quiet"] + Digits.twoBits
  }

  /// Every other call returns EINTR, and none does more than a little.
  @Test func interruptedAndShortCallsAreTakenUpAgain() throws {
    try Command.convert(convert("a.momos")).expectSuccess()
    try Command.convert(convert("b.momos"), environment: environment("interrupt")).expectSuccess()
    #expect(try folder.bytes(of: "a.momos") == folder.bytes(of: "b.momos"))
    let arguments = ["--load", "copy", "--input", Digits.imagesInput, "--output"]
    try Command.run([folder.file("a.momos")] + arguments + ["logits=" + folder.file("a.npy")]).expectSuccess()
    try Command.run(
      [folder.file("b.momos")] + arguments + ["logits=" + folder.file("b.npy")],
      environment: environment("interrupt")
    ).expectSuccess()
    #expect(try folder.bytes(of: "a.npy") == folder.bytes(of: "b.npy"))
    let told = try Command.inspect([folder.file("a.momos"), "--json"])
    let toldAgain = try Command.inspect(
      [folder.file("a.momos"), "--json"], environment: environment("interrupt"))
    toldAgain.expectSuccess()
    #expect(told.standardOutput == toldAgain.standardOutput)
    try Command.inspect(["none"], in: folder, environment: environment("interrupt")).expectRefusal(66, "none")
    #expect(try log().count { $0 == "interrupted" } > 50)
  }

  /// Bytes are on the disk before the name is, and the name soon after it is given.
  @Test(arguments: [false, true]) func outputIsSynchronizedAroundItsNaming(replaces: Bool) throws {
    if replaces { try folder.write(Array("old".utf8), to: "a.momos") }
    try Command.convert(
      convert("a.momos") + (replaces ? ["--force"] : []), environment: environment("log")
    ).expectSuccess()
    let calls = try log()
    let naming = try #require(calls.firstIndex(of: "name"))
    #expect(calls[..<naming].contains("sync file"))
    #expect(calls.last == "sync folder")
    #expect(!calls[naming...].contains("sync file"))
  }

  @Test func arraysAreSynchronizedBeforeTheyAreNamed() throws {
    let path = try Digits.convert(into: folder)
    try Command.inspect(
      [path, "--extract", "fc1.bias=" + folder.file("b.npy")], environment: environment("log")
    ).expectSuccess()
    #expect(try log().prefix(2) == ["sync file", "name"])
  }

  /// A disk that fails when it is asked to keep the bytes: what it does not keep is not named.
  @Test func failedSynchronizationLeavesNothing() throws {
    let path = try Digits.convert(into: folder)
    try folder.write(Array("old".utf8), to: "old")
    let names = folder.names + ["log"]
    let environment = environment("no-sync")
    try Command.convert(convert("new"), environment: environment).expectRefusal(74, "Input/output error")
    try Command.convert(convert("old") + ["--force"], environment: environment)
      .expectRefusal(74, "Input/output error")
    try Command.run(
      [path, "--input", Digits.imagesInput, "--output", "logits=" + folder.file("new")],
      environment: environment
    ).expectRefusal(74, "Input/output error")
    try Command.inspect([path, "--extract", "fc1.bias=" + folder.file("new")], environment: environment)
      .expectRefusal(74, "Input/output error")
    #expect(folder.names.sorted() == names.sorted())
    #expect(try folder.bytes(of: "old") == Array("old".utf8))
  }
}
