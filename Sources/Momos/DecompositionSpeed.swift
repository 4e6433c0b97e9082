import MomosKernels
import MomosModel
import MomosRuntime

/// Measures how much faster a mosaic with parts is multiplied by than one of the same motifs without.
struct DecompositionSpeed {
  private let decomposed: LinearWeight
  private let whole: LinearWeight
  private let pool: ThreadPool

  private static let roundCount = 5
  private static let secondsPerRound = 0.02

  /// - Parameter mosaic: with blocking `.rows` and at least one part.
  init(_ mosaic: MosaicTensor, pool: ThreadPool) throws(ModelError) {
    self.pool = pool
    var dictionaries = ExecutableDictionaries()
    decomposed = try LinearWeight(
      mosaic: mosaic, view: mosaic.view, precision: .fast, dictionaries: &dictionaries)
    whole = try LinearWeight(
      mosaic: mosaic.undecomposed(), view: mosaic.view, precision: .fast, dictionaries: &dictionaries)
  }

  /// Seconds of one product with so many vectors, medians of rounds that take turns.
  func measure(batch: Int) throws(ModelError) -> DecompositionReport.Speed {
    var generator = SeededGenerator(seed: 0)
    let input = (0..<batch * whole.columns).map { _ in Float(generator.nextNormal()) }
    let count = max(1, Int(Self.secondsPerRound / (try seconds(whole, input, batch: batch, count: 2))))
    var seconds = (whole: [Double](), decomposed: [Double]())
    for _ in 0..<Self.roundCount {
      seconds.whole.append(try self.seconds(whole, input, batch: batch, count: count))
      seconds.decomposed.append(try self.seconds(decomposed, input, batch: batch, count: count))
    }
    return DecompositionReport.Speed(
      batch: batch, threadCount: pool.threadCount,
      wholeSeconds: seconds.whole.sorted()[Self.roundCount / 2],
      seconds: seconds.decomposed.sorted()[Self.roundCount / 2])
  }

  private func seconds(
    _ weight: LinearWeight, _ input: [Float], batch: Int, count: Int
  ) throws(ModelError) -> Double {
    var output = [Float](repeating: 0, count: batch * weight.rows)
    let stopwatch = Stopwatch()
    for _ in 0..<count {
      var target = output.mutableSpan
      try weight.multiply(input.span, batch: batch, into: &target, pool: pool)
    }
    return max(1e-9, stopwatch.elapsed.seconds) / Double(count)
  }
}

extension MosaicTensor {
  /// A mosaic of this shape in one part, with the dictionaries of the first one and random indices.
  fileprivate func undecomposed() throws(ModelError) -> MosaicTensor {
    var generator = SeededGenerator(seed: 0)
    let (rowCount, columnCount) = (matrixShape[0], matrixShape[1])
    var stages: [Stage] = []
    for dictionary in parts[0].stages.map(\.dictionary) {
      let blockCount = dictionary.blockCount(covering: columnCount)
      let indices = (0..<rowCount * blockCount).map { _ in
        UInt16(generator.nextIndex(below: dictionary.motifCount))
      }
      let mosaic = try Mosaic(
        packing: indices, rowCount: rowCount, blockCount: blockCount, blockLength: dictionary.blockLength,
        indexWidth: dictionary.indexWidth,
        layout: .preferred(
          rowCount: rowCount, indexWidth: dictionary.indexWidth, blockLength: dictionary.blockLength))
      stages.append(Stage(dictionary: dictionary, mosaic: mosaic))
    }
    var rowScale: Tensor?
    if let scale = parts[0].rowScale {
      rowScale = try Tensor(
        rounding: [Float](repeating: 1, count: rowCount), to: scale.elementType,
        shape: Shape(vector: rowCount))
    }
    return MosaicTensor(
      elementType: elementType, shape: shape, view: view,
      parts: [MosaicPart(stages: stages, rowScale: rowScale)])
  }
}
