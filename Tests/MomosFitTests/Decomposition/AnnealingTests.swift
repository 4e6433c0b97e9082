import MomosModel
import Testing

@testable import MomosFit

struct AnnealingTests {
  static func test(_ form: InitializationDistribution.Form, deviation: Double) throws -> SignificanceTest {
    SignificanceTest(
      try #require(
        InitializationDistribution(form: form, standardDeviation: deviation, origin: .initialWeights)))
  }

  private func noise(_ form: InitializationDistribution.Form, count: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in
      switch form {
      case .normal: Float(0.05 * generator.nextNormal())
      case .uniform: Float(0.05 * 3.0.squareRoot() * (2 * generator.nextUniform() - 1))
      }
    }
  }

  /// Quantiles from tables of the normal, the uniform and the chi-square distribution.
  @Test func thresholdsAreTheQuantilesOfTheNullDistribution() throws {
    let normal = try Self.test(.normal, deviation: 0.5)
    #expect(normal.evidence(of: 0.5 * 2.575_829) > normal.threshold(level: 0.01, weightCount: 1) - 1e-4)
    #expect(abs(normal.threshold(level: 0.01, weightCount: 1) - 6.634_897) < 1e-6)
    #expect(abs(normal.threshold(level: 0.01, weightCount: 8) - 20.090_235) < 1e-6)
    let uniform = try Self.test(.uniform, deviation: 1 / 3.0.squareRoot())
    let least = uniform.threshold(level: 0.01, weightCount: 1)
    #expect(uniform.evidence(of: 0.991) > least)
    #expect(uniform.evidence(of: -0.989) < least)
    #expect(uniform.evidence(of: 1.5) == .infinity)
  }

  /// The share of noise that is kept is binomial: within 3.3 standard errors of the level in all but 1 of 1,000 runs.
  @Test(arguments: [InitializationDistribution.Form.normal, .uniform], [1, 4, 8])
  func shareOfNoiseThatIsKeptIsTheLevel(form: InitializationDistribution.Form, blockLength: Int) throws {
    let (rows, columns) = (200, 804)
    let evidence = BlockEvidence(
      weights: noise(form, count: rows * columns, seed: 7), rows: rows, columns: columns,
      blockLength: blockLength, test: try Self.test(form, deviation: 0.05))
    let count = Double(rows * evidence.blocksPerRow)
    for level in [0.2, 0.01] {
      let error = (level * (1 - level) / count).squareRoot()
      #expect(abs(evidence.mask(level: level).supportedShare - level) < 3.3 * error)
    }
  }

  @Test func lastBlockOfARowIsTestedByItsOwnLength() throws {
    // One weight of 4 standard deviations: p = 6e-5 by itself, .04 as one of 8 whose others are 0.
    let weights: [Float] = [0, 0, 0, 0, 0, 0, 0, 4, 4]
    let evidence = BlockEvidence(
      weights: weights, rows: 1, columns: 9, blockLength: 8, test: try Self.test(.normal, deviation: 1))
    #expect(evidence.mask(level: 0.01).isSupported == [false, true])
    #expect(evidence.mask(level: 0.05).isSupported == [true, true])
  }

  @Test func unsupportedBlocksBecomeZero() {
    let mask = AnnealingMask(rows: 2, blocksPerRow: 2, isSupported: [true, false, false, true])
    #expect(mask.supportedShare == 0.5)
    #expect(mask.annealed([1, 2, 3, 4, 5, 6], columns: 3, blockLength: 2) == [1, 2, 0, 0, 0, 6])
  }

  @Test func levelsHalveDownToTheOneThatIsAskedFor() {
    #expect(StatisticalAnnealing(to: 0.1).levels == [0.5, 0.25, 0.125, 0.1])
    #expect(StatisticalAnnealing(to: 0.6).levels == [0.6])
  }

  @Test func annealingStopsBeforeTheFirstLevelThatLosesTooMuch() throws {
    let evidence = BlockEvidence(
      weights: noise(.normal, count: 1000, seed: 3), rows: 10, columns: 100, blockLength: 4,
      test: try Self.test(.normal, deviation: 0.05))
    let annealing = StatisticalAnnealing(to: 0.01)
    var tried = 0
    let stopped = try #require(
      annealing.mask(of: evidence, maximumLoss: 0.8) {
        tried += 1
        return 1 - $0.supportedShare
      })
    #expect(stopped.level == 0.25)
    #expect(tried == 3)
    #expect(stopped.mask == evidence.mask(level: 0.25))
    #expect(annealing.mask(of: evidence, maximumLoss: 0.1) { _ in 0.2 } == nil)
  }
}
