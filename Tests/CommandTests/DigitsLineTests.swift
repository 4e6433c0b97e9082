import FoundationEssentials
import Momos
import MomosTestSupport
import Testing

/// The whole line on the digits network: convert, inspect, run, verify.
struct DigitsLineTests {
  @Test func fileTakesAtMostTwelvePercentOfTheDenseFiles() throws {
    let folder = try TestFolder()
    let path = try Digits.convert(into: folder)
    let names = try FileManager.default.contentsOfDirectory(atPath: Digits.weights)
    #expect(names.count == 6)
    let denseByteCount = try names.reduce(0) { try $0 + byteCount(of: "\(Digits.weights)/\($1)") }
    #expect(try Double(byteCount(of: path)) <= 0.12 * Double(denseByteCount))
  }

  @Test(arguments: [["--no-zstd"], [], ["--no-zstd", "--stages", "2", "--dictionary", "tensor"]])
  func dryRunTellsTheBytesAndWritesNothing(options: [String]) throws {
    let folder = try TestFolder()
    let arguments = [Digits.weights, "--graph", Digits.graph, "-o", folder.file("a.momos")] + options
    let dryRun = try Command.convert(arguments + ["--dry-run", "--json"])
    dryRun.expectSuccess()
    #expect(folder.names == [])
    try Command.convert(arguments).expectSuccess()
    let written = try byteCount(of: folder.file("a.momos"))
    let report = try dryRun.json(ConversionFacts.self)
    if options.contains("--no-zstd") {
      #expect(report.isExact && report.fileByteCount == written)
    } else {
      #expect(!report.isExact && report.fileByteCount >= written)
    }
  }

  @Test func printedGraphDecodesEqualToTheGivenOne() throws {
    let folder = try TestFolder()
    let path = try Digits.convert(into: folder)
    let result = try Command.inspect([path, "--check", "--graph"])
    result.expectSuccess()
    let printed = try decodedGraph(Data(result.standardOutput.utf8))
    let given = try decodedGraph(Data(contentsOf: URL(filePath: Digits.graph)))
    #expect(printed == given)
    #expect(given.graphs.first?.nodes.count == 5)
  }

  @Test func inspectionListsTensorsAndSaysThatItChecked() throws {
    let folder = try TestFolder()
    let path = try Digits.convert(into: folder)
    let result = try Command.inspect([path, "--check", "--tensors"])
    result.expectSuccess()
    for words in ["3 mosaic, 3 dense, 0 alias", "checked", "fc2.weight", "256x256", "s4k256"] {
      #expect(result.standardOutput.contains(words))
    }
  }

  @Test func accuracyIsNearThatOfDenseWeights() throws {
    let folder = try TestFolder()
    let path = try Digits.convert(into: folder)
    let result = try Command.verify([
      Digits.weights, path, "--input", Digits.imagesInput, "--labels", Digits.labels, "--json",
      "--precision", "exact",
    ])
    result.expectSuccess()
    let facts = try result.json(VerificationFacts.self)
    let output = try #require(facts.outputs.first)
    // fixtures/README.md: dense accuracy on the test images, computed with numpy.
    #expect(abs((output.sourceAccuracy ?? 0) - 0.989) < 0.0005)
    #expect((output.accuracy ?? 0) >= (output.sourceAccuracy ?? 1) - 0.025)
    #expect(output.executedAgainstReconstructed.relativeError < 1e-5)
    #expect(facts.tensors.count == 6)
    for tensor in facts.tensors where tensor.name.hasSuffix("weight") {
      #expect((tensor.executedAgainstReconstructed?.relativeError ?? 1) < 1e-5)
      #expect((tensor.againstSource?.cosine ?? 0) > 0.9)
    }
  }

  @Test func runAgreesWithNumpyOnExtractedWeights() throws {
    let folder = try TestFolder()
    let path = try Digits.convert(into: folder)
    let logits = folder.file("logits.npy")
    try Command.run([
      path, "--input", Digits.imagesInput, "--output", "logits=\(logits)", "--precision", "exact",
    ]).expectSuccess()
    let names = ["fc1", "fc2", "fc3"].flatMap { ["\($0).weight", "\($0).bias"] }
    let extractions = names.flatMap { ["--extract", "\($0)=\(folder.file($0 + ".npy"))"] }
    #expect(try Command.inspect([path] + extractions).exitCode == 0)

    let script = Fixtures.path + "/commands/digits_mlp.py"
    let numpy = try Subprocess("python3", [script, folder.path, Digits.images, Digits.labels, logits]).wait()
    try #require(numpy.exitCode == 0, "\(numpy.standardError)")
    let numbers = numpy.standardOutput.split { $0.isWhitespace }.compactMap { Double($0) }
    try #require(numbers.count == 2)
    #expect(numbers[0] < 1e-5)
    #expect(numbers[1] >= 0.989 - 0.025)
  }

  private func byteCount(of path: String) throws -> Int {
    try Data(contentsOf: URL(filePath: path)).count
  }

  private func decodedGraph(_ json: Data) throws -> GraphFacts {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(GraphFacts.self, from: json)
  }
}
