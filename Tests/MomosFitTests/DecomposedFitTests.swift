import Glibc
import MomosKernels
import MomosModel
import Testing

@testable import MomosFit

/// Fits of matrices with parts and annealed blocks that know their inputs.
struct DecomposedFitTests {
  private static let rows = 512
  private static let columns = 512

  /// Two parts: rows below 256 with even columns, the others with odd ones; weights across are weak.
  private static func planted(across: Float = 0.1, seed: UInt64 = 41) throws -> Tensor {
    let noise = try FitTestModel.normal(rows: rows, columns: columns, seed: seed).floats()
    return try Tensor(
      noise.enumerated().map { position, weight in
        let isInside = (position / columns < 256) == (position % columns).isMultiple(of: 2)
        return isInside ? weight : across * weight
      }, shape: Shape(rows: rows, columns: columns))
  }

  /// H[i, j] = .9^|i - j|, each input as large as `scale` says.
  private static func calibration(_ scale: (Int) -> Double = { _ in 1 }) throws -> Calibration {
    var upper: [Double] = []
    for row in 0..<columns {
      for column in row..<columns {
        upper.append(scale(row) * scale(column) * pow(0.9, Double(column - row)))
      }
    }
    var calibration = Calibration()
    calibration.moments = [
      Calibration.InputMoments(sampleCount: 1, columns: columns, upperSums: try Bytes(copying: upper))
    ]
    calibration.momentsOfTensor = ["w": 0]
    calibration.losses = ["w": 0.01]
    return calibration
  }

  /// The two parts; of every third block of four weights in each the weights become zero, if it is `annealed`.
  private static func parts(annealed: Bool) -> [TensorDecomposition.Part] {
    [0, 1].map { part in
      let mask = AnnealingMask(
        rows: 256, blocksPerRow: 64, isSupported: (0..<256 * 64).map { ($0 + $0 / 64) % 3 != 0 })
      return TensorDecomposition.Part(
        rows: Array(256 * part..<256 * (part + 1)), columns: Array(stride(from: part, to: columns, by: 2)),
        annealing: annealed ? mask : nil, level: annealed ? 0.01 : nil)
    }
  }

  /// Whether a weight is zero by decision.
  private static func isZero(row: Int, column: Int, annealed: Bool) -> Bool {
    let part = row / 256
    guard column % 2 == part else { return true }
    let position = row % 256 * 64 + column / 2 / 4
    return annealed && (position + position / 64) % 3 == 0
  }

  private func plan(
    _ source: Tensor, _ parts: [TensorDecomposition.Part], _ options: FitOptions, _ calibration: Calibration?
  ) throws -> (whole: FitPlan, decomposed: FitPlan) {
    var model = FitTestModel(tensors: [("w", source)], options: options)
    model.calibration = calibration
    let whole = try model.plan()
    let test = try AnnealingTests.test(.normal, deviation: 1)
    let evidence = StructureEvidence(
      weights: source.floats(), rows: Self.rows, columns: Self.columns, test: test)
    let decomposition = TensorDecomposition(
      name: "w", matrix: source.shape, distribution: test.distribution,
      structure: MatrixStructure(of: evidence, level: 0.01), parts: parts, energyLoss: 0, outputLoss: nil)
    return (
      whole, try whole.decomposed([decomposition], calibration: calibration) { model.read($0) }
    )
  }

  private func fit(
    _ source: Tensor, _ parts: [TensorDecomposition.Part], _ calibration: Calibration?,
    _ options: FitOptions = FitOptions(), threadCount: Int = 1
  ) throws -> FittedTensor {
    let plan = try plan(source, parts, options, calibration).decomposed
    var fitter = Fitter(plan: plan, calibration: calibration, pool: ThreadPool(threadCount: threadCount))
    try fitter.train(for: plan.tensors[0]) { _ in source }
    return try #require(try fitter.fit(source, as: plan.tensors[0]))
  }

  /// The sum over rows of e H e', with all weights.
  private func outputError(of values: [Float], against source: Tensor, _ calibration: Calibration) -> Double {
    let sums = calibration.moments[0].sums
    let errors = zip(source.floats(), values).map { Double($0 - $1) }
    var total = 0.0
    for row in 0..<Self.rows {
      for first in 0..<Self.columns {
        let error = errors[row * Self.columns + first]
        for second in 0..<Self.columns {
          total += error * errors[row * Self.columns + second] * sums[first * Self.columns + second]
        }
      }
    }
    return total
  }

  @Test(arguments: [false, true])
  func feedbackBringsTheOutputsOfPartsCloser(annealed: Bool) throws {
    let source = try Self.planted()
    let calibration = try Self.calibration()
    let parts = Self.parts(annealed: annealed)
    let blind = try Reconstruction(fit(source, parts, nil).tensor).dense().floats()
    let fitted = try fit(source, parts, calibration)
    let close = try Reconstruction(fitted.tensor).dense().floats()
    let error = outputError(of: close, against: source, calibration)
    #expect(error < 0.5 * outputError(of: blind, against: source, calibration))
    for (position, value) in close.enumerated() {
      let (row, column) = position.quotientAndRemainder(dividingBy: Self.columns)
      if Self.isZero(row: row, column: column, annealed: annealed) { #expect(value == 0) }
    }
    // The report says what the outputs lose, H with a hundredth of its mean added to its diagonal.
    let squares = outputError(
      of: [Float](repeating: 0, count: source.elementCount), against: source, calibration)
    let reported = try #require(fitted.outputError)
    #expect(abs(reported / (error / squares).squareRoot() - 1) < 0.1)
    #expect(try fit(source, parts, calibration, threadCount: 3).tensor == fitted.tensor)
  }

  /// With one weight to each of 1,024 motifs only what is left out counts: w H w' of it for parts that know nothing. By
  /// numpy the inputs of one part explain .893 of the squares of those between them.
  @Test func weightsThatNoPartCoversAreMadeGoodFor() throws {
    let source = try Self.planted(across: 0.5)
    let calibration = try Self.calibration()
    var options = FitOptions()
    options.blockLength = 1
    options.motifs = .count(1024)
    let cut = source.floats().enumerated().map { position, weight in
      Self.isZero(row: position / Self.columns, column: position % Self.columns, annealed: false)
        ? 0 : weight
    }
    let fitted = try fit(source, Self.parts(annealed: false), calibration, options)
    let values = try Reconstruction(fitted.tensor).dense().floats()
    #expect(
      outputError(of: values, against: source, calibration)
        < 0.2 * outputError(of: cut, against: source, calibration))
  }

  /// Weights of 50 in row 5 (part 0) and in row 400 (part 1); of the latter one is annealed and one in no part.
  @Test func outliersOfPartsAreKeptApart() throws {
    var weights = try Self.planted().floats()
    weights[5 * Self.columns + 4] = 50
    let annealed = try #require(
      (0..<Self.columns).first { $0 % 2 == 1 && Self.isZero(row: 400, column: $0, annealed: true) })
    weights[400 * Self.columns + annealed] = 50
    weights[400 * Self.columns + 10] = 50
    let source = try Tensor(weights, shape: Shape(rows: Self.rows, columns: Self.columns))
    let parts = [Self.parts(annealed: false)[0], Self.parts(annealed: true)[1]]
    for calibration in [nil, try Self.calibration()] {
      let fitted = try fit(source, parts, calibration)
      let outliers = fitted.tensor.outliers
      let places = (0..<outliers.count).map { [outliers.rows[$0], outliers.columns[$0]] }
      #expect(places.contains([5, 4]))
      #expect(!places.contains([400, annealed]) && !places.contains([400, 10]))
      let values = try Reconstruction(fitted.tensor).dense().floats()
      #expect(abs(values[5 * Self.columns + 4] - 50) < 0.05)
      #expect(values[400 * Self.columns + annealed] == 0 && values[400 * Self.columns + 10] == 0)
    }
  }

  // MARK: Classes of parts

  private var goal: FitOptions {
    var options = FitOptions()
    options.goal = .bits(2.5)
    options.form = .plain
    return options
  }

  /// Even inputs are eight times as large: what their part loses counts 64 times.
  @Test func partsThatMatterMoreGetMoreBits() throws {
    let calibration = try Self.calibration { $0.isMultiple(of: 2) ? 8 : 1 }
    let source = try Self.planted()
    let (whole, plan) = try plan(source, Self.parts(annealed: false), goal, calibration)
    let classes = plan.tensors[0].parts.map(\.fitClass)
    #expect(classes[0].indexBits > classes[1].indexBits)
    let (first, second) = (whole.tensors[0].parts[0].fitClass, whole.tensors[0].parts[0].fitClass)
    #expect(classes[0].indexBits > first.indexBits && classes[1].indexBits < second.indexBits)
    // Half of the weights are in no part.
    #expect(plan.byteCount(of: plan.tensors[0]) <= whole.byteCount(of: whole.tensors[0]) / 2 + 2 * Self.rows)
    #expect(plan.dictionaries.count == 2)
    #expect(plan.dictionaries.map(\.weightCount) == [256 * 256, 256 * 256])
    let fitted = try fit(source, Self.parts(annealed: false), calibration, goal)
    let stored = fitted.tensor.parts.map { $0.stages[0].dictionary.blockLength }
    #expect(stored == classes.map { $0.stages[0].blockLength })
  }

  @Test func numbersOfTheUserDecideTheClassesOfParts() throws {
    let calibration = try Self.calibration { $0.isMultiple(of: 2) ? 8 : 1 }
    let plan = try plan(Self.planted(), Self.parts(annealed: false), FitOptions(), calibration).decomposed
    #expect(plan.tensors[0].parts.map(\.fitClass.description) == ["s4k256", "s4k256"])
    #expect(plan.dictionaries.count == 1)
  }

  /// Blocks of four weights are annealed: motifs of eight would reach beyond them.
  @Test func annealedBlocksBoundTheBlocksOfClasses() throws {
    let calibration = try Self.calibration { $0.isMultiple(of: 2) ? 8 : 1 }
    let source = try Self.planted()
    let plan = try plan(source, Self.parts(annealed: true), goal, calibration).decomposed
    for part in plan.tensors[0].parts {
      #expect([2, 4].contains(part.fitClass.sequenceLength))
      #expect(part.annealing?.blocksPerRow == 256 / part.fitClass.sequenceLength)
      #expect(abs(try #require(part.annealing?.supportedShare) - 2.0 / 3) < 0.01)
    }
    let values = try Reconstruction(fit(source, Self.parts(annealed: true), calibration, goal).tensor)
      .dense().floats()
    for (position, value) in values.enumerated() {
      let (row, column) = position.quotientAndRemainder(dividingBy: Self.columns)
      if Self.isZero(row: row, column: column, annealed: true) { #expect(value == 0) }
    }
  }

  @Test func masksOfShorterBlocksCoverTheSameWeights() {
    let mask = AnnealingMask(rows: 2, blocksPerRow: 2, isSupported: [true, false, false, true])
    let cut = mask.cut(4, to: 2, columns: 7)
    #expect(cut.blocksPerRow == 4)
    #expect(cut.isSupported == [true, true, false, false, false, false, true, true])
    #expect(mask.cut(4, to: 2, columns: 5).isSupported == [true, true, false, false, false, true])
    #expect(mask.cut(4, to: 4, columns: 7) == mask)
  }
}
