import FoundationEssentials
import Momos
import MomosModel
import Testing

/// A second thread must pay. Run alone: `MOMOS_SPEED_TESTS=1 swift test --filter FitSpeedTests` with the flags of the
/// Makefile.
struct FitSpeedTests {
  private static var isEnabled: Bool {
    let processInfo = ProcessInfo.processInfo
    return processInfo.environment["MOMOS_SPEED_TESTS"] == "1" && processInfo.activeProcessorCount >= 2
  }

  @Test(.enabled(if: isEnabled, "needs MOMOS_SPEED_TESTS=1, two processors and an idle machine"))
  func secondThreadSpeedsUpTheFit() throws {
    let conversion = try TestConversion(["w": try .normal(2048, 2048)])
    var seconds: [Int: [Double]] = [:]
    // Interleaved, so that a slower spell of the machine meets both.
    for _ in 0..<3 {
      for threadCount in [1, 2] {
        let report = try conversion.convert { $0.threadCount = threadCount }
        seconds[threadCount, default: []].append(try #require(report.seconds))
      }
    }
    let medians = [1, 2].map { seconds[$0, default: []].sorted()[1] }
    let ratio = medians[0] / medians[1]
    print("fit of 2048 x 2048: \(medians[0]) s on one thread, \(medians[1]) s on two, ratio \(ratio)")
    #expect(ratio >= 1.5)
  }
}
