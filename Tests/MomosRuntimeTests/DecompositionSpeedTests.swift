import FoundationEssentials
import MomosKernels
import MomosModel
import Testing

@testable import MomosRuntime

/// A matrix that falls apart must execute faster in proportion. Run alone:
/// `MOMOS_SPEED_TESTS=1 swift test --filter DecompositionSpeedTests` with the flags of the Makefile.
struct DecompositionSpeedTests {
  private static var isEnabled: Bool { ProcessInfo.processInfo.environment["MOMOS_SPEED_TESTS"] == "1" }
  private static let side = 4096

  /// A square mosaic of random indices in parts of rows and columns that lie scattered; 1 part covers all.
  private func weight(partCount: Int) throws -> LinearWeight {
    var generator = SeededGenerator(seed: UInt64(partCount))
    let motifs = (0..<128 * 4).map { _ in Float(generator.nextNormal()) }
    let dictionary = MotifDictionary(
      motifCount: 256, blockLength: 4, elementType: .float32, isAntipodal: true,
      values: try Bytes(copying: motifs))
    let length = Self.side / partCount
    let rows = shuffledParts(partCount, &generator)
    let columns = shuffledParts(partCount, &generator)
    let parts = try (0..<partCount).map { part in
      let indices = (0..<length * length / 4).map { _ in UInt16(generator.nextIndex(below: 256)) }
      let mosaic = try Mosaic(
        packing: indices, rowCount: length, blockCount: length / 4, blockLength: 4, indexWidth: 8,
        layout: .tileK256)
      return MosaicPart(
        rows: partCount > 1 ? rows[part] : nil, columns: partCount > 1 ? columns[part] : nil,
        stages: [Stage(dictionary: dictionary, mosaic: mosaic)])
    }
    var dictionaries = ExecutableDictionaries()
    let view = MatrixView.lastAxisIsInput(rank: 2)
    return try LinearWeight(
      mosaic: MosaicTensor(
        elementType: .float32, shape: Shape(rows: Self.side, columns: Self.side), view: view, parts: parts),
      view: view, precision: .fast, dictionaries: &dictionaries)
  }

  private func shuffledParts(_ count: Int, _ generator: inout SeededGenerator) -> [[Int]] {
    let partOf = (0..<Self.side).map { $0 % count }.shuffled(using: &generator)
    return (0..<count).map { part in (0..<Self.side).filter { partOf[$0] == part } }
  }

  @Test(
    .serialized, .enabled(if: isEnabled, "needs MOMOS_SPEED_TESTS=1 and an idle machine"),
    arguments: [(1, [1.6, 2.5, 3.5]), (64, [1.7, 3, 5])], [1, 2])
  func partsExecuteFasterInProportion(held: (batch: Int, ratios: [Double]), threadCount: Int) throws {
    let pool = ThreadPool(threadCount: threadCount)
    let weights = try [1, 2, 4, 8].map(weight)
    let input = (0..<held.batch * Self.side).map { Float($0 % 17) / 17 - 0.5 }
    var output = [Float](repeating: 0, count: input.count)
    var seconds = weights.map { _ in [Double]() }
    // Interleaved, so that a slower spell of the machine meets all.
    for _ in 0..<(held.batch == 1 ? 300 : 21) {
      for (number, weight) in weights.enumerated() {
        let start = ContinuousClock.now
        var target = output.mutableSpan
        _ = try weight.multiply(input.span, batch: held.batch, into: &target, pool: pool)
        seconds[number].append((ContinuousClock.now - start) / .seconds(1))
      }
    }
    let medians = seconds.map { $0.sorted()[$0.count / 2] }
    let ratios = medians.dropFirst().map { medians[0] / $0 }
    print(
      "batch \(held.batch), \(threadCount) threads: 2, 4, 8 parts \(ratios) times as fast; whole \(medians[0]) s"
    )
    for (ratio, least) in zip(ratios, held.ratios) { #expect(ratio >= least) }
  }
}
