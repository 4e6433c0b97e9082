import MomosKernels
import MomosModel
import Testing

/// A part with random motifs and indices.
struct RandomPart {
  let rows: Int
  let columns: Int
  let tensor: MosaicTensor
  let multiplier: PartMultiplier

  init(
    _ size: (rows: Int, columns: Int), forms: [PartMultiplierTests.Form], hasRowScale: Bool
  ) throws {
    (rows, columns) = size
    var generator = SeededGenerator(seed: 5)
    var stages: [Stage] = []
    for form in forms { stages.append(try Self.stage(form, size, &generator)) }
    let scale = (0..<rows).map { _ in Float(generator.nextUniform() + 0.5) }
    let rowScale = hasRowScale ? try Tensor(scale, shape: Shape(vector: rows)) : nil
    tensor = MosaicTensor(
      elementType: .float32, shape: Shape(rows: rows, columns: columns),
      view: .lastAxisIsInput(rank: 2), parts: [MosaicPart(stages: stages, rowScale: rowScale)])
    multiplier = PartMultiplier(
      rows: rows, columns: columns,
      stages: try stages.map { ($0.mosaic, try ExecutableDictionary($0.dictionary)) },
      rowScale: hasRowScale ? scale : nil)
  }

  private static func stage(
    _ form: PartMultiplierTests.Form, _ size: (rows: Int, columns: Int), _ generator: inout SeededGenerator
  ) throws -> Stage {
    let stored = form.isAntipodal ? form.motifCount / 2 : form.motifCount
    let length = form.isOverlapping ? 2 * form.blockLength : form.blockLength
    let values = (0..<stored * length).map { _ in Float(generator.nextNormal()) }
    let dictionary = MotifDictionary(
      motifCount: form.motifCount, blockLength: form.blockLength, isOverlapping: form.isOverlapping,
      elementType: .float32, isAntipodal: form.isAntipodal, values: try Bytes(copying: values))
    let valid = (0..<dictionary.tableCount).filter(dictionary.contains(index:)).map { UInt16($0) }
    let blocks = dictionary.blockCount(covering: size.columns)
    let indices = (0..<size.rows * blocks).map { _ in valid[generator.nextIndex(below: valid.count)] }
    return Stage(
      dictionary: dictionary,
      mosaic: try Mosaic(
        packing: indices, rowCount: size.rows, blockCount: blocks, blockLength: dictionary.blockLength,
        indexWidth: dictionary.indexWidth))
  }

  private init(tensor: MosaicTensor) throws {
    self.tensor = tensor
    (rows, columns) = (tensor.matrixShape[0], tensor.matrixShape[1])
    multiplier = PartMultiplier(
      rows: rows, columns: columns,
      stages: try tensor.parts[0].stages.map { ($0.mosaic, try ExecutableDictionary($0.dictionary)) },
      rowScale: tensor.parts[0].rowScale?.floats())
  }

  /// The same part with its mosaics in the tile layout of their width.
  func tiled() throws -> RandomPart {
    let stages = try tensor.parts[0].stages.map { stage in
      let layout = IndexLayout.preferred(
        rowCount: 1000, indexWidth: stage.mosaic.indexWidth, blockLength: stage.mosaic.blockLength)
      try #require(layout != .rowMajor)
      return Stage(dictionary: stage.dictionary, mosaic: try stage.mosaic.rearranged(to: layout))
    }
    return try RandomPart(
      tensor: MosaicTensor(
        elementType: tensor.elementType, shape: tensor.shape, view: tensor.view,
        parts: [MosaicPart(stages: stages, rowScale: tensor.parts[0].rowScale)]))
  }

  func input(batch: Int) -> [Float] {
    var generator = SeededGenerator(seed: 6)
    return (0..<batch * columns).map { _ in Float(generator.nextNormal()) }
  }

  func product(_ input: [Float], batch: Int, threadCount: Int) throws -> (output: [Float], products: Int) {
    var output = [Float](repeating: .nan, count: batch * rows)
    var span = output.mutableSpan
    let products = try multiplier.multiply(
      input.span, batch: batch, into: &span, pool: ThreadPool(threadCount: threadCount))
    return (output, products)
  }

  /// The product by the table kernels.
  func lookupProduct(
    _ input: [Float], batch: Int, threadCount: Int, precision: Precision = .fast
  ) throws -> [Float] {
    let multiplier = try #require(
      try LookupMultiplier(
        rows: rows, columns: columns,
        stages: try tensor.parts[0].stages.map { ($0.mosaic, try ExecutableDictionary($0.dictionary)) },
        rowScale: tensor.parts[0].rowScale?.floats(), precision: precision))
    var output = [Float](repeating: .nan, count: batch * rows)
    var span = output.mutableSpan
    try multiplier.multiply(
      input.span, batch: batch, into: &span, pool: ThreadPool(threadCount: threadCount))
    return output
  }

  func relativeError(batch: Int, threadCount: Int) throws -> Double {
    let input = input(batch: batch)
    return try relativeError(
      of: product(input, batch: batch, threadCount: threadCount).output, input: input, batch: batch)
  }

  /// The product by tiles.
  func tileProduct(
    _ input: [Float], batch: Int, threadCount: Int, precision: Precision = .exact
  ) throws -> [Float] {
    let multiplier = TileMultiplier(
      rows: rows, columns: columns,
      stages: try tensor.parts[0].stages.map { ($0.mosaic, try ExecutableDictionary($0.dictionary)) },
      rowScale: tensor.parts[0].rowScale?.floats())
    var output = [Float](repeating: .nan, count: batch * rows)
    var span = output.mutableSpan
    try multiplier.multiply(
      input.span, batch: batch, precision: precision, into: &span, pool: ThreadPool(threadCount: threadCount))
    return output
  }

  func relativeTileError(batch: Int, precision: Precision = .exact) throws -> Double {
    let input = input(batch: batch)
    return try relativeError(
      of: tileProduct(input, batch: batch, threadCount: 1, precision: precision), input: input, batch: batch)
  }

  func relativeLookupError(_ input: [Float], batch: Int, precision: Precision = .fast) throws -> Double {
    try relativeError(
      of: lookupProduct(input, batch: batch, threadCount: 1, precision: precision), input: input,
      batch: batch)
  }

  /// |output - exact| / |exact| over all outputs; exact in float64.
  private func relativeError(of output: [Float], input: [Float], batch: Int) throws -> Double {
    let weights = try Reconstruction(tensor).dense().floats()
    var error = 0.0
    var norm = 0.0
    for sample in 0..<batch {
      for row in 0..<rows {
        var exact = 0.0
        for column in 0..<columns {
          exact += Double(weights[row * columns + column]) * Double(input[sample * columns + column])
        }
        let difference = Double(output[sample * rows + row]) - exact
        error += difference * difference
        norm += exact * exact
      }
    }
    return (error / norm).squareRoot()
  }
}
