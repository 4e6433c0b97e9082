import FoundationEssentials
import MomosKernels
import MomosModel
import Testing

/// What fitting costs on one thread. Run alone: `MOMOS_SPEED_TESTS=1 swift test --filter SearchSpeedTests` with the
/// flags of the Makefile.
@Suite(.serialized)
struct SearchSpeedTests {
  private static let isEnabled = ProcessInfo.processInfo.environment["MOMOS_SPEED_TESTS"] == "1"
  private let pool = ThreadPool(threadCount: 1)

  private func normals(_ count: Int) -> [Float] {
    var generator = SeededGenerator(seed: 1)
    return (0..<count).map { _ in Float(generator.nextNormal()) }
  }

  /// The median of three runs.
  private func seconds(_ body: () throws -> Void) rethrows -> Double {
    try (0..<3).map { _ in
      let clock = ContinuousClock()
      let duration = try clock.measure(body)
      return Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
    }.sorted()[1]
  }

  @Test(.enabled(if: isEnabled, "needs MOMOS_SPEED_TESTS=1 and an idle machine"))
  func nearestMotifsOfMillionsOfBlocks() {
    let blocks = normals(2_800_000 * 8)
    let search = MotifSearch(motifs: normals(256 * 8), motifCount: 256, length: 8)
    let seconds = seconds { _ = search.nearest(to: blocks.span) }
    print("2.8 million blocks of 8 against 256 motifs: \(seconds) s")
    #expect(seconds < 0.25)
  }

  /// Seconds per million weights.
  @Test(
    .enabled(if: isEnabled, "needs MOMOS_SPEED_TESTS=1 and an idle machine"),
    arguments: [(4, 256, 32, 1.1), (4, 256, 16, 1.1), (2, 256, 64, 2.3), (2, 64, 32, 1.0), (4, 64, 32, 1.1)])
  func pathsWithFeedback(form: (blockLength: Int, motifCount: Int, survivorCount: Int, limit: Double)) throws
  {
    let columns = 1536
    let inputs = normals(1600 * columns)
    let sums = try MomentSums(columns: columns)
    sums.add(inputs.span, pool: pool)
    let moments = try sums.moments().sums
    let feedback = try ErrorFeedback(secondMoments: moments, columns: columns, pool: pool)
    let search = PathSearch(
      motifs: normals(form.motifCount * 2 * form.blockLength).map { $0 * 0.7 }, motifCount: form.motifCount,
      blockLength: form.blockLength, isOverlapping: true, columns: columns, feedback: feedback,
      survivorCount: form.survivorCount, lookahead: 0.08)
    let rows = normals(64 * columns)
    let seconds = seconds { _ = search.encode(rows.span) } * 1e6 / Double(rows.count)
    print("\(form): \(seconds) s per million weights")
    #expect(seconds < form.limit)
  }

  @Test(
    .enabled(if: isEnabled, "needs MOMOS_SPEED_TESTS=1 and an idle machine"), arguments: [384, 1536, 4096])
  func feedbackOfManyColumns(columns: Int) throws {
    var moments = [Double](repeating: 0, count: columns * columns)
    for row in 0..<columns {
      for column in 0..<columns { moments[row * columns + column] = 1 / Double(1 + abs(row - column)) }
    }
    let seconds = try seconds {
      _ = try ErrorFeedback(secondMoments: moments, columns: columns, pool: pool)
    }
    print("feedback of \(columns) columns: \(seconds) s")
    #expect(columns > 1536 || seconds < 1.5)
  }
}
