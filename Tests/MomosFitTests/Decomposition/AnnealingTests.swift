import Glibc
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
    #expect(GradualAnnealing(to: 0.1).levels == [0.5, 0.25, 0.125, 0.1])
    #expect(GradualAnnealing(to: 0.6).levels == [0.6])
  }

  @Test func annealingStopsBeforeTheFirstLevelThatLosesTooMuch() throws {
    let evidence = BlockEvidence(
      weights: noise(.normal, count: 1000, seed: 3), rows: 10, columns: 100, blockLength: 4,
      test: try Self.test(.normal, deviation: 0.05))
    let annealing = GradualAnnealing(to: 0.01)
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

/// Blocks that samples need, whatever their weights look like.
struct PerturbationTests {
  private static let blockLength = 4
  private static let deviation = 0.05

  /// Moments whose inputs have these root mean squares and this correlation with each other, of 100 samples.
  private func moments(_ scales: [Double], correlation: Double = 0) throws -> Calibration.InputMoments {
    var upper: [Double] = []
    for row in scales.indices {
      for column in row..<scales.count {
        upper.append(100 * scales[row] * scales[column] * (row == column ? 1 : correlation))
      }
    }
    return Calibration.InputMoments(
      sampleCount: 100, columns: scales.count, upperSums: try Bytes(copying: upper))
  }

  private func noise(rows: Int, columns: Int, uniform: Bool = false, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<rows * columns).map { _ in
      let number =
        uniform ? 3.0.squareRoot() * (2 * generator.nextUniform() - 1) : generator.nextNormal()
      return Float(Self.deviation * number)
    }
  }

  private func evidence(
    _ weights: [Float], rows: Int, moments: Calibration.InputMoments, inputs: [Int]? = nil,
    form: InitializationDistribution.Form = .normal, level: Double = 0.01
  ) throws -> PerturbationEvidence {
    PerturbationEvidence(
      weights: weights, rows: rows, columns: weights.count / rows, blockLength: Self.blockLength,
      test: try AnnealingTests.test(form, deviation: Self.deviation), moments: moments, inputs: inputs,
      level: level, seed: 5)
  }

  /// Binomial, and the distribution that the level is taken of is drawn: 100,000 blocks, of which 1,000 are beyond it.
  @Test(arguments: [InitializationDistribution.Form.normal, .uniform])
  func shareOfNoiseThatIsKeptIsTheLevel(form: InitializationDistribution.Form) throws {
    let (rows, columns) = (256, 512)
    let scales = (0..<columns).map { 0.1 + Double(($0 * 37) % 100) / 20 }
    let evidence = try evidence(
      noise(rows: rows, columns: columns, uniform: form == .uniform, seed: 8), rows: rows,
      moments: moments(scales, correlation: 0.3), form: form)
    let count = Double(rows * columns / Self.blockLength)
    for (level, drawn) in [(0.1, 10_000.0), (0.01, 1000)] {
      let error = level * ((1 - level) / level / count + 1 / drawn).squareRoot()
      #expect(abs(evidence.mask(level: level).supportedShare - level) < 3.3 * error)
    }
  }

  /// One block of columns of 128 has inputs of a hundred times the size; its weights are .8 standard deviations each, far
  /// from significant.
  @Test func smallWeightsOfLargeInputsAreKept() throws {
    let (rows, columns) = (64, 512)
    let large = 40..<44
    var weights = noise(rows: rows, columns: columns, seed: 3)
    for row in 0..<rows {
      for column in large { weights[row * columns + column] = 0.04 * (column.isMultiple(of: 2) ? 1 : -1) }
    }
    let moments = try moments((0..<columns).map { large.contains($0) ? 100 : 1 })
    let perturbed = try evidence(weights, rows: rows, moments: moments).mask(level: 0.01)
    let statistical = BlockEvidence(
      weights: weights, rows: rows, columns: columns, blockLength: Self.blockLength,
      test: try AnnealingTests.test(.normal, deviation: Self.deviation)
    ).mask(level: 0.01)
    let blocks = (0..<rows).map { $0 * 128 + 10 }
    #expect(blocks.allSatisfy { perturbed.isSupported[$0] })
    #expect(!blocks.contains { statistical.isSupported[$0] })
  }

  /// The weights of one block are 9 standard deviations, of inputs that the samples never move.
  @Test func whatTheWeightsAloneAreSureOfStays() throws {
    var weights = noise(rows: 16, columns: 64, seed: 3)
    for column in 8..<12 { weights[2 * 64 + column] = 0.45 }
    let moments = try moments((0..<64).map { (8..<12).contains($0) ? 0 : 1 })
    let mask = try evidence(weights, rows: 16, moments: moments).mask(level: 0.01)
    #expect(mask.isSupported[2 * 16 + 2])
    #expect((0..<16).allSatisfy { $0 == 2 || !mask.isSupported[$0 * 16 + 2] })
  }

  /// The loss of all outputs through as many zeros: sum over rows of e H e'.
  @Test(arguments: [0, 0.4])
  func outputsLoseLessThroughAsManyZeros(correlation: Double) throws {
    let (rows, columns) = (64, 256)
    let scales = (0..<columns).map { exp(Double(($0 * 91) % 64) / 16) }
    let moments = try moments(scales, correlation: correlation)
    let weights = noise(rows: rows, columns: columns, seed: 17)
    let blocks = BlockEvidence(
      weights: weights, rows: rows, columns: columns, blockLength: Self.blockLength,
      test: try AnnealingTests.test(.normal, deviation: Self.deviation))
    let perturbed = try evidence(weights, rows: rows, moments: moments).mask(level: 0.3)
    // The level that keeps as many blocks.
    var (low, high) = (0.01, 0.99)
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if blocks.mask(level: middle).supportedCount > perturbed.supportedCount {
        high = middle
      } else {
        low = middle
      }
    }
    let statistical = blocks.mask(level: low)
    #expect(abs(statistical.supportedCount - perturbed.supportedCount) <= 1)
    func loss(_ mask: AnnealingMask) -> Double {
      let kept = mask.annealed(weights, columns: columns, blockLength: Self.blockLength)
      return (0..<rows).reduce(0.0) { loss, row in
        let errors = (0..<columns).map {
          Double(weights[row * columns + $0] - kept[row * columns + $0]) * scales[$0]
        }
        let sum = errors.reduce(0, +)
        let squares = errors.reduce(0) { $0 + $1 * $1 }
        return loss + (1 - correlation) * squares + correlation * sum * sum
      }
    }
    #expect(loss(perturbed) < 0.6 * loss(statistical))
  }

  /// Columns 1, 2, 5 and 6 of 8: one block of a part, whose moments are those between them.
  @Test func blocksOfPartsHaveTheMomentsOfTheirInputs() throws {
    let scales = [9.0, 1, 2, 9, 9, 3, 4, 9]
    let moments = try moments(scales, correlation: 0.5)
    let test = try AnnealingTests.test(.normal, deviation: 1)
    func kept(_ weights: [Float]) -> Bool {
      PerturbationEvidence(
        weights: weights, rows: 1, columns: 4, blockLength: 4, test: test, moments: moments,
        inputs: [1, 2, 5, 6], level: 0.01, seed: 1
      ).mask(level: 0.5).isSupported[0]
    }
    // w H w' / 100 = .5 (sum of w s)^2 + .5 (sum of squares of w s): 52.7 for these, 13.8 for signs in turn. Half of all blocks of
    // normal numbers cost less than 19.9, by numpy.
    #expect(kept([0.9, 0.9, 0.9, 0.9]) && !kept([0.9, -0.9, 0.9, -0.9]))
  }

  @Test func equalSeedsGiveEqualMasks() throws {
    let weights = noise(rows: 16, columns: 64, seed: 3)
    let moments = try moments((0..<64).map { Double(1 + $0 % 5) })
    #expect(
      try evidence(weights, rows: 16, moments: moments).mask(level: 0.1)
        == evidence(weights, rows: 16, moments: moments).mask(level: 0.1))
  }
}
