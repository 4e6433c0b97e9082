import FoundationEssentials
import Glibc
import MomosModel
import MomosTestSupport
import Testing

/// A conversion that a signal ends, and the one that continues it.
struct ResumeTests {
  private static let matrixCount = 10

  private let folder: TestFolder

  init() throws {
    folder = try TestFolder()
    _ = try folder.folder("weights")
    var generator = SeededGenerator(seed: 5)
    let shape = try Shape([256, 256])
    for number in 0..<Self.matrixCount {
      let values = (0..<shape.elementCount).map { _ in Float(generator.nextNormal()) }
      try NPYFixture.write(Tensor(values, shape: shape), to: folder.file("weights/w\(number).npy"))
    }
  }

  private func arguments(_ options: [String] = []) -> [String] {
    [folder.file("weights"), "-o", folder.file("a.momos"), "--dictionary", "tensor", "--threads", "1"]
      + ["--form", "overlapping"] + options
  }

  /// Starts a conversion with a journal and ends it once some of its tensors are in it.
  private func interrupt(by signal: Int32) throws {
    let process = try Command.convert.start(arguments(["--resume"]))
    let sign = folder.file("a.momos.partial/tensor-1.npz")
    for _ in 0..<6000 where unsafe access(sign, F_OK) != 0 { usleep(2000) }
    #expect(kill(process.process, signal) == 0)
    let result = try process.wait()
    try #require(result.exitCode == 128 + signal, "\(result.standardError)")
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func interruptedConversionIsContinuedToTheSameBytes(signal: Int32) throws {
    let whole = try Command.convert(arguments(["--quiet"]))
    whole.expectSuccess()
    let expected = try folder.bytes(of: "a.momos")
    try FileManager.default.removeItem(atPath: folder.file("a.momos"))

    try interrupt(by: signal)
    #expect(!folder.names.contains("a.momos"))
    try Command.convert(arguments(["--quiet"])).expectRefusal(64, "--resume", "--force", "a.momos.partial")
    try Command.convert(arguments(["--resume", "--seed", "1"])).expectRefusal(64, "another conversion")
    #expect(!folder.names.contains("a.momos"))

    try Command.convert(arguments(["--quiet", "--resume"])).expectSuccess()
    #expect(try folder.bytes(of: "a.momos") == expected)
    #expect(folder.names == ["a.momos", "weights"])
  }

  @Test func forceBeginsAnew() throws {
    try interrupt(by: SIGINT)
    try Command.convert(arguments(["--quiet", "--force", "--seed", "1"])).expectSuccess()
    #expect(folder.names == ["a.momos", "weights"])
  }

  @Test func dryRunIsNotContinued() throws {
    try Command.convert(arguments(["--resume", "--dry-run"])).expectRefusal(64, "--dry-run", "--resume")
  }
}
