import FoundationEssentials
import MomosKernels
import MomosModel
import Testing

@testable import MomosFit

/// What k-means costs on one thread, to be set beside `tools/benchmarks/kmeans.py`, which times faiss at the same work.
/// Run alone: `MOMOS_SPEED_TESTS=1 swift test --filter KMeansSpeedTests` with the flags of the Makefile.
struct KMeansSpeedTests {
  private static let isEnabled = ProcessInfo.processInfo.environment["MOMOS_SPEED_TESTS"] == "1"

  @Test(.enabled(if: isEnabled, "needs MOMOS_SPEED_TESTS=1 and an idle machine"))
  func lloydOnASampleThenEveryBlock() {
    let (count, length) = (2_800_000, 8)
    var generator = SeededGenerator(seed: 1)
    let blocks = (0..<count * length).map { _ in Float(generator.nextNormal()) }
    let sample = Array(blocks[..<(131_072 * length)])
    let pool = ThreadPool(threadCount: 1)
    let clustering = KMeans(motifCount: 256, length: length, pinsZeroMotif: false)
    var rounds: [(train: Double, assign: Double, inertia: Double)] = []
    for seed in 0..<5 {
      var seeded = SeededGenerator(seed: UInt64(seed))
      let start = ContinuousClock.now
      let motifs = clustering.motifs(for: sample, generator: &seeded, pool: pool)
      let middle = ContinuousClock.now
      let chunks = clustering.search(motifs).nearestChunks(to: blocks, pool: pool)
      let end = ContinuousClock.now
      let energy = blocks.reduce(0.0) { $0 + Double($1) * Double($1) }
      let score = chunks.reduce(0.0) { $0 + $1.scores.reduce(0.0) { $0 + Double($1) } }
      rounds.append(
        ((middle - start) / .seconds(1), (end - middle) / .seconds(1), (energy - 2 * score) / Double(count)))
    }
    let best = rounds.min { $0.train + $0.assign < $1.train + $1.assign }!
    print("k-means: train \(best.train) s, assign \(best.assign) s, squared error of a block \(best.inertia)")
    #expect(best.assign < 0.25)
  }
}
