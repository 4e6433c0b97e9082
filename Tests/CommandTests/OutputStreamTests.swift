import MomosTestSupport
import Testing

/// Results go to stdout, progress and errors to stderr.
struct OutputStreamTests {
  @Test func benchmarkIsJSON() throws {
    let folder = try TestFolder()
    let path = try Digits.convert(into: folder)
    let result = try Command.run([
      path, "--input", Digits.imagesInput, "--bench", "--repeat", "3", "--json",
    ])
    result.expectSuccess()
    let facts = try result.json(BenchmarkFacts.self)
    #expect(facts.medianSeconds > 0 && facts.p95Seconds >= facts.medianSeconds)
    #expect(facts.residentBytes > 1 << 20)
    // One byte for each block of 4 of 256 x 64, 256 x 256 and 10 x 256 weights, one dictionary of 128 stored motifs in f16;
    // 522 rows have scales in f16 and biases in f32.
    #expect(facts.weightBytes == (256 * 64 + 256 * 256 + 10 * 256) / 4 + 128 * 4 * 2 + 522 * (2 + 4))
  }

  @Test func benchmarkCountsTheBytesOfDenseWeights() throws {
    let folder = try TestFolder()
    let path = try Digits.convert(into: folder, ["--dense", ".*"])
    let result = try Command.run([path, "--input", Digits.imagesInput, "--bench", "--repeat", "3", "--json"])
    result.expectSuccess()
    // 256 x 64, 256 x 256 and 10 x 256 weights with 256, 256 and 10 biases, in f32.
    let facts = try result.json(BenchmarkFacts.self)
    #expect(facts.weightBytes == 4 * (256 * 64 + 256 * 256 + 10 * 256 + 522))
  }

  @Test func runWithoutMeasurementPrintsNothing() throws {
    let folder = try TestFolder()
    let path = try Digits.convert(into: folder)
    let result = try Command.run([
      path, "--input", Digits.imagesInput, "--output", "logits=\(folder.file("y.npy"))",
    ])
    result.expectSuccess()
    #expect(result.standardOutput == "")
  }

  @Test func conversionReportIsJSONOrNothing() throws {
    let folder = try TestFolder()
    let arguments = [Digits.weights, "--graph", Digits.graph, "-o", "a.momos", "--force"] + Digits.twoBits
    let result = try Command.convert(arguments + ["--json"], in: folder)
    result.expectSuccess()
    let facts = try result.json(ConversionFacts.self)
    #expect(facts.isExact)
    #expect(try facts.fileByteCount == folder.bytes(of: "a.momos").count)
    // 256 x 64, 256 x 256 and 10 x 256 weights with 256, 256 and 10 biases, in f32.
    #expect(facts.sourceByteCount == 4 * (256 * 64 + 256 * 256 + 10 * 256 + 522))
    #expect(facts.tensors.count { $0.className == "s4k256" } == 3)
    let quiet = try Command.convert(arguments + ["--quiet"], in: folder)
    quiet.expectSuccess()
    #expect(quiet.standardOutput == "")
  }

  @Test func everyTensorIsTabulated() throws {
    let folder = try TestFolder()
    let result = try Command.convert([Digits.weights, "-o", "a.momos"], in: folder)
    result.expectSuccess()
    for layer in ["fc1", "fc2", "fc3"] {
      #expect(result.standardOutput.contains("\(layer).weight"))
      #expect(result.standardOutput.contains("\(layer).bias"))
    }
    #expect(result.standardOutput.contains("is not a matrix"))
  }

  @Test func closedErrorStreamHarmsNoFile() throws {
    let folder = try TestFolder()
    let arguments = [Digits.weights, "-o", "a.momos"]
    try Command.convert(arguments, in: folder, error: .closed).expectSuccess()
    try Command.inspect(["a.momos", "--check"], in: folder).expectSuccess()
    #expect(try Command.convert(arguments, in: folder, error: .closed).exitCode == 64)
  }

  @Test func progressIsShownOnATerminalAlone() throws {
    let folder = try TestFolder()
    let arguments = [Digits.weights, "-o", folder.file("a.momos"), "--force"]
    let result = try runInTerminal(.convert, arguments)
    #expect(result.exitCode == 0)
    let clearLine = "\r\u{1B}[K"
    #expect(result.standardOutput.hasPrefix(clearLine + "converting 0 %"))
    // What a slow machine takes stands behind the share.
    #expect(result.standardOutput.contains("converting 100 %"))
    #expect(result.standardOutput.contains(clearLine + "at most 4 bits per weight"))
    #expect(try runInTerminal(.convert, arguments + ["--quiet"]).standardOutput == "")
  }

  private func runInTerminal(_ command: Command, _ arguments: [String]) throws -> Subprocess.Result {
    let script = Fixtures.path + "/commands/in_terminal.py"
    return try Subprocess("python3", [script, command.path] + arguments).wait()
  }
}
