import Glibc
import MomosModel
import MomosTestSupport
import Testing

/// Conversions that end at any moment, without a chance to clean up.
struct KilledConversionTests {
  private static let killCount = 200

  /// Either the file that was there or the whole new one, and nothing else in the folder afterwards.
  @Test func outputIsWholeWheneverAConversionIsKilled() throws {
    let folder = try TestFolder()
    let path = try Digits.convert(into: folder, ["--seed", "1"])
    let old = try folder.bytes(of: "digits.momos")
    _ = try Digits.convert(into: folder, ["--seed", "2", "--force"])
    let new = try folder.bytes(of: "digits.momos")
    #expect(old != new)
    // The two files in turns, so that each conversion replaces the other one.
    let arguments =
      [Digits.weights, "--graph", Digits.graph, "-o", path, "--quiet", "--force"] + Digits.twoBits
    let start = ContinuousClock.now
    _ = try Command.convert(arguments + ["--seed", "1"])
    // How long a conversion may take before it is killed: longer after one that was, shorter after one that came through,
    // so that the moments are around its end, whatever else the machine does.
    var most = (ContinuousClock.now - start) / .microseconds(1)
    var generator = SeededGenerator(seed: 200)
    var replacedCount = 0
    for number in 0..<Self.killCount {
      let before = try folder.bytes(of: "digits.momos")
      let process = try Command.convert.start(arguments + ["--seed", before == old ? "2" : "1"])
      usleep(UInt32(min(generator.nextUniform() * most, 1e6)))
      kill(process.process, SIGKILL)
      _ = try process.wait()
      let after = try folder.bytes(of: "digits.momos")
      try #require(after == old || after == new, "after \(number)")
      if after != before { replacedCount += 1 }
      most *= after == before ? 1.1 : 0.9
    }
    // Some came through, some did not: the moments were where it matters.
    #expect((1..<Self.killCount).contains(replacedCount))
    _ = try Command.convert(arguments)
    #expect(folder.names == ["digits.momos"])
  }
}
