import FoundationEssentials
import MomosTestSupport
import Testing

/// Conversions that are told what they may cost.
struct GoalLineTests {
  private func convert(_ folder: TestFolder, _ options: [String]) throws -> ConversionFacts {
    let arguments = [Digits.weights, "--graph", Digits.graph, "--json", "--force", "--effort", "fast"]
    let result = try Command.convert(arguments + ["-o", folder.file("a.momos")] + options)
    result.expectSuccess()
    return try result.json(ConversionFacts.self)
  }

  // 84,480 weights in matrices, 522 in biases that stay dense.
  @Test(arguments: [
    ("30000", 30_000), ("30kB", 30_000), ("0.03MB", 30_000), ("30KiB", 30_720), ("24.5kb", 24_500),
  ])
  func aSizeIsReadWithItsUnit(size: String, byteCount: Int) throws {
    let report = try convert(TestFolder(), ["--target-size", size, "--no-zstd", "--dry-run"])
    #expect(report.fileByteCount <= byteCount)
    #expect(Double(report.fileByteCount) > 0.8 * Double(byteCount))
  }

  @Test func bitsAreKept() throws {
    let folder = try TestFolder()
    let report = try convert(folder, ["--bits", "2.5"])
    #expect(try #require(report.bits) <= 2.5)
    #expect(Set(report.tensors.map(\.className)).count > 2)
    let text = try Command.inspect([folder.file("a.momos")])
    #expect(text.standardOutput.contains("bits=2.5"))
  }

  @Test func aSavedPlanGivesTheSameMosaics() throws {
    let folder = try TestFolder()
    let plan = folder.file("plan.json")
    let saved = try convert(folder, ["--bits", "2.5", "--save-plan", plan])
    let taken = try convert(folder, ["--plan", plan])
    #expect(taken.tensors.map(\.className) == saved.tensors.map(\.className))
    #expect(taken.tensors.map(\.relativeError) == saved.tensors.map(\.relativeError))
  }
}
