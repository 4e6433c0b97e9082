import Momos
import MomosTestSupport
import Testing

/// Equal sources, options and seed give equal bytes, whatever executes them.
struct DeterminismTests {
  /// What must not change a result: threads and instruction sets.
  private struct Machine {
    let threads: String
    /// nil lets the command choose.
    let instructionSet: String?

    var environment: [String: String] { instructionSet.map { ["MOMOS_INSTRUCTION_SET": $0] } ?? [:] }
  }

  /// Every instruction set that this processor has with one and with two threads, and more threads than processors.
  private func machines() throws -> [Machine] {
    let sets = try ["scalar", "avx2", "avx512", "neon"].filter { name in
      let result = try Command.convert(
        [Digits.weights, "--dry-run"], environment: ["MOMOS_INSTRUCTION_SET": name])
      return result.exitCode == 0
    }
    #expect(sets.contains("scalar"))
    return sets.flatMap { set in ["1", "2"].map { Machine(threads: $0, instructionSet: set) } }
      + [Machine(threads: "5", instructionSet: nil)]
  }

  @Test(arguments: [[], ["--stages", "2"], ["--dictionary", "tensor", "--motifs", "60"]])
  func conversionGivesTheSameBytesOnEveryMachine(options: [String]) throws {
    let folder = try TestFolder()
    var files: Set<[UInt8]> = []
    let machines = try machines()
    for machine in machines + [machines[0]] {
      let result = try Command.convert(
        [Digits.weights, "--graph", Digits.graph, "-o", folder.file("a.momos"), "--force"]
          + ["--threads", machine.threads] + options, environment: machine.environment)
      result.expectSuccess()
      files.insert(try folder.bytes(of: "a.momos"))
    }
    #expect(files.count == 1)
  }

  /// Feedback, refinement and allocation as well, once the calibration is saved.
  @Test(arguments: [
    ["--bits", "2"], ["--bits", "6", "--effort", "fast"], ["--block-length", "8", "--stages", "2"],
  ])
  func calibratedConversionGivesTheSameBytesOnEveryMachine(options: [String]) throws {
    let folder = try TestFolder()
    let network = [Digits.weights, "--graph", Digits.graph]
    try Command.convert(
      network + ["--dry-run", "--calibration", Digits.imagesInput]
        + ["--save-calibration", folder.file("saved.npz")]
    ).expectSuccess()
    var files: Set<[UInt8]> = []
    for machine in try machines() {
      let arguments = ["-o", folder.file("a.momos"), "--calibration", folder.file("saved.npz")]
      try Command.convert(
        network + arguments + ["--force", "--threads", machine.threads] + options,
        environment: machine.environment
      ).expectSuccess()
      files.insert(try folder.bytes(of: "a.momos"))
    }
    #expect(files.count == 1)
  }

  @Test func otherSeedGivesOtherBytes() throws {
    let folder = try TestFolder()
    var files: Set<[UInt8]> = []
    for seed in ["0", "1", "18446744073709551615"] {
      _ = try Digits.convert(into: folder, ["--seed", seed, "--force"])
      files.insert(try folder.bytes(of: "digits.momos"))
    }
    #expect(files.count == 3)
  }

  /// On every thread count of one instruction set; between sets, results differ within their class.
  @Test(arguments: ["exact", "fast", "fastest"])
  func executionGivesTheSameBytesOnEveryThreadCount(precision: String) throws {
    let folder = try TestFolder()
    let path = try Digits.convert(into: folder, ["--stages", "2"])
    var outputs: [String?: Set<[UInt8]>] = [:]
    for machine in try machines() where machine.instructionSet != nil {
      let result = try Command.run(
        [path, "--input", Digits.imagesInput, "--output", "logits=\(folder.file("y.npy"))", "--force"]
          + ["--threads", machine.threads, "--precision", precision], environment: machine.environment)
      result.expectSuccess()
      outputs[machine.instructionSet, default: []].insert(try folder.bytes(of: "y.npy"))
    }
    #expect(!outputs.isEmpty && outputs.values.allSatisfy { $0.count == 1 })
  }

  @Test func unavailableInstructionSetIsRefused() throws {
    let folder = try TestFolder()
    let result = try Command.convert(
      [Digits.weights, "-o", folder.file("a.momos")], environment: ["MOMOS_INSTRUCTION_SET": "abacus"])
    result.expectRefusal(64, "MOMOS_INSTRUCTION_SET", "abacus", "scalar")
    #expect(folder.names == [])
  }
}
