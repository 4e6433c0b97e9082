import FoundationEssentials
import MomosTestSupport
import Testing

/// What cannot be written: a full disk, which a limit on the file size stands for, and a closed or full stdout.
@Suite(.disabled(if: Sanitizer.isActive))
struct FullDiskTests {
  /// A folder with the digits network and an older output of each command.
  private func makeFolder() throws -> TestFolder {
    let folder = try TestFolder()
    _ = try Digits.convert(into: folder)
    try folder.write(Array("old".utf8), to: "old")
    return folder
  }

  @Test(arguments: ["new", "old"], [0, 64, 5000])
  func conversionLeavesNoTrace(output: String, limit: Int) throws {
    try expectNoTrace(
      .convert, [Digits.weights, "--graph", Digits.graph, "-o", output, "--force"], limit: limit)
  }

  @Test(arguments: ["new", "old"], [0, 64, 5000])
  func executionLeavesNoTrace(output: String, limit: Int) throws {
    try expectNoTrace(
      .run, ["digits.momos", "--input", Digits.imagesInput, "--output", "logits=\(output)", "--force"],
      limit: limit)
  }

  @Test(arguments: ["new", "old"], [0, 64, 5000])
  func extractionLeavesNoTrace(output: String, limit: Int) throws {
    try expectNoTrace(
      .inspect, ["digits.momos", "--extract", "fc2.weight=\(output)", "--force"], limit: limit)
  }

  private func expectNoTrace(_ command: Command, _ arguments: [String], limit: Int) throws {
    let folder = try makeFolder()
    let names = folder.names
    // The line on stderr goes to a file too, and its few bytes must fit.
    let result = try command(
      arguments, in: folder, limit: .fileSize(max(limit, 1)), output: .file("/dev/null"))
    #expect(result.exitCode == 74)
    if limit >= 5000 { result.expectRefusal(74) }
    #expect(folder.names == names)
    #expect(try folder.bytes(of: "old") == Array("old".utf8))
  }

  /// Every command with arguments that make it print.
  private static let printing: [(Command, [String])] = [
    (.convert, [Digits.weights, "-o", "b.momos", "--force"]), (.convert, ["--help"]),
    (.convert, [Digits.weights, "--dry-run"]), (.inspect, ["digits.momos"]),
    (.inspect, ["digits.momos", "--graph"]), (.verify, ["digits.momos"]), (.verify, ["--version"]),
    (.run, ["digits.momos", "--input", Digits.imagesInput, "--bench", "--repeat", "1"]),
  ]

  @Test(arguments: printing.indices)
  func fullOutputIsAnError(position: Int) throws {
    let folder = try makeFolder()
    let (command, arguments) = Self.printing[position]
    try command(arguments, in: folder, output: .file("/dev/full"))
      .expectRefusal(74, "standard output", "No space left")
  }

  @Test(arguments: printing.indices)
  func closedOutputIsAnError(position: Int) throws {
    let folder = try makeFolder()
    let (command, arguments) = Self.printing[position]
    try command(arguments, in: folder, output: .closed).expectRefusal(74, "standard output")
    if folder.names.contains("b.momos") {
      try Command.inspect(["b.momos", "--check"], in: folder).expectSuccess()
    }
  }
}
