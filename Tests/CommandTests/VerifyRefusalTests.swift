import FoundationEssentials
import Momos
import MomosTestSupport
import Testing

/// What `momos-verify` and `momos-inspect` refuse, and how thresholds fail.
struct VerifyRefusalTests {
  /// A folder with the digits network, its images and labels, and labels that do not fit.
  private func makeFolder() throws -> TestFolder {
    let folder = try TestFolder()
    _ = try Digits.convert(into: folder)
    let files = FileManager.default
    try files.copyItem(atPath: Digits.weights, toPath: folder.file("weights"))
    try files.copyItem(atPath: Digits.images, toPath: folder.file("x.npy"))
    try files.copyItem(atPath: Digits.labels, toPath: folder.file("labels.npy"))
    let one = try Shape([1])
    try NPYFixture.write(Tensor([Int64(1)], shape: one), to: folder.file("one.npy"))
    try NPYFixture.write(Tensor([Float(1)], shape: one), to: folder.file("floats.npy"))
    for (name, label) in [("ten", Int64(10)), ("negative", -1)] {
      let labels = [Int64](repeating: 0, count: 539) + [label]
      try NPYFixture.write(Tensor(labels, shape: Shape([540])), to: folder.file(name + ".npy"))
    }
    try folder.write(Array(folder.bytes(of: "digits.momos").dropLast()), to: "short.momos")
    return folder
  }

  @Test(arguments: [
    Refusal("", 64, "missing expected argument"),
    Refusal("none.momos", 66, "none.momos"),
    Refusal("none digits.momos", 66, "none"),
    Refusal("short.momos", 65, "short.momos"),
    Refusal("x.npy digits.momos", 65, "'x'"),
    Refusal("weights digits.momos --labels labels.npy", 64, "labels", "inputs"),
    Refusal("weights digits.momos --graph graph.json", 64, "graph", "inputs"),
    Refusal("weights digits.momos --input images=x.npy --min-accuracy 0.9", 64, "--labels"),
    Refusal("weights digits.momos --input x.npy", 64, "--input"),
    Refusal("weights digits.momos --input images=none.npy", 66, "none.npy"),
    Refusal("weights digits.momos --input pixels=x.npy", 64, "pixels", "images"),
    Refusal("weights digits.momos --input images=x.npy --labels none.npy", 66, "none.npy"),
    Refusal("weights digits.momos --input images=x.npy --labels one.npy", 65, "labels"),
    Refusal("weights digits.momos --input images=x.npy --labels floats.npy", 65, "floats.npy", "integers"),
    Refusal("weights digits.momos --input images=x.npy --labels ten.npy", 65, "ten.npy", "0 to 9", "10"),
    Refusal("weights digits.momos --input images=x.npy --labels negative.npy", 65, "negative.npy", "-1"),
    Refusal("digits.momos --min-cosine 0.9", 64, "SOURCE"),
    Refusal("digits.momos --max-relative-error 0.9", 64, "SOURCE"),
    Refusal("digits.momos --min-snr 3", 64, "SOURCE"),
    Refusal("weights digits.momos --min-cosine 2", 64, "--min-cosine", "1"),
    Refusal("weights digits.momos --min-cosine nan", 64, "--min-cosine"),
    Refusal("weights digits.momos --max-relative-error=-1", 64, "--max-relative-error"),
    Refusal("weights digits.momos --max-relative-error -1", 64, "--max-relative-error", "-1"),
    Refusal("weights digits.momos --min-snr nan", 64, "--min-snr", "nan"),
    Refusal("w=x.npy digits.momos --report x.npy --force", 64, "x.npy", "also an input"),
    Refusal("digits.momos --report digits.momos --force", 64, "digits.momos", "also an input"),
    Refusal("digits.momos --input images=x.npy --report x.npy --force", 64, "x.npy", "also an input"),
    Refusal("digits.momos --report one.npy", 64, "one.npy", "--force"),
    Refusal("digits.momos --report none/page.html", 74, "none/page.html"),
    Refusal("digits.momos weights/fc1.bias.npy", 65, "fc1.bias.npy", "F-02", "a .momos file"),
    Refusal("weights digits.momos --input images=x.npy --labels labels.npy --min-accuracy 98", 64, "98"),
  ])
  func verifyRefuses(refusal: Refusal) throws {
    try refusal.check(.verify, in: makeFolder())
  }

  @Test(arguments: [
    Refusal("", 64, "missing expected argument"),
    Refusal("digits.momos x.npy", 64, "x.npy"),
    Refusal("none.momos", 66, "none.momos"),
    Refusal("weights", 65, "weights", "folder"),
    Refusal("short.momos", 65, "short.momos"),
    Refusal("digits.momos --extract fc1.bias", 64, "--extract"),
    Refusal("digits.momos --graph --decomposition", 64, "--graph", "--decomposition"),
    Refusal("digits.momos --extract fc1.bias=a.npy --extract fc9.bias=b.npy", 66, "fc9.bias"),
    Refusal("digits.momos --extract fc1.bias=x.npy", 64, "x.npy", "--force"),
    Refusal("digits.momos --extract fc1.bias=digits.momos", 64, "also an input"),
    Refusal("digits.momos --extract fc1.bias=./digits.momos --force", 64, "also an input"),
    Refusal("digits.momos --extract fc1.bias=a.npy --extract fc2.bias=./a.npy", 64, "the same file"),
    Refusal("digits.momos --extract fc1.bias=none/a.npy", 74, "none/a.npy"),
    Refusal("digits.momos --extract fc1.bias=a.npy --picture fc1.weight=./a.npy", 64, "the same file"),
    Refusal("digits.momos --extract fc1.bias=a.npy --extract x.npy.npz --report a.npy", 64, "the same file"),
    Refusal("digits.momos --report digits.momos --force", 64, "also an input"),
    Refusal("digits.momos --extract fc1.bias=weights --force", 64, "weights", "folder"),
  ])
  func inspectRefuses(refusal: Refusal) throws {
    try refusal.check(.inspect, in: makeFolder())
  }

  @Test func fileWithoutGraphHasNoneToPrintOrExecute() throws {
    let folder = try makeFolder()
    try Command.convert([Digits.weights, "-o", "plain.momos", "--quiet"], in: folder).expectSuccess()
    try Refusal("plain.momos --graph", 65, "plain.momos", "no graph").check(.inspect, in: folder)
    try Refusal("plain.momos --input images=x.npy", 65, "plain.momos", "no graph", "momos-run --tensor")
      .check(.verify, in: folder)
  }

  /// Numbers below zero are no options.
  @Test func negativeThresholdsAreMet() throws {
    let arguments = ["weights", "digits.momos", "--min-cosine", "-0.5", "--min-snr", "-3"]
    #expect(try Command.verify(arguments, in: makeFolder()).exitCode == 0)
  }

  @Test(arguments: [
    ["--min-cosine", "0.999"], ["--max-relative-error", "0.1"], ["--min-snr", "20"], ["--min-accuracy", "1"],
  ])
  func missedThresholdExitsWithOne(threshold: [String]) throws {
    let folder = try makeFolder()
    let arguments = [
      "weights", "digits.momos", "--input", "images=x.npy", "--labels", "labels.npy", "--precision", "exact",
    ]
    #expect(try Command.verify(arguments, in: folder).exitCode == 0)
    let result = try Command.verify(arguments + threshold, in: folder)
    #expect(result.exitCode == 1)
    #expect(result.standardError == "")
    #expect(result.standardOutput.contains("FAILED output 'logits': "))
    let facts = try Command.verify(arguments + threshold + ["--json"], in: folder).json(
      VerificationFacts.self)
    #expect(!facts.hasPassed && facts.failures.count == 1)
  }
}
