public import MomosKernels
public import MomosModel

/// Carries out a plan: trains its dictionaries, then turns one tensor after another into its mosaic.
///
/// Results depend on the plan and the tensors alone: not on the thread count, not on the instruction set.
public struct Fitter {
  private let plan: FitPlan
  private let pool: ThreadPool
  /// By position in the plan; nil until trained.
  private var dictionaries: [MotifDictionary?]

  public init(plan: FitPlan, pool: ThreadPool) {
    self.plan = plan
    self.pool = pool
    dictionaries = plan.dictionaries.map { planned in
      if case .exact(let dictionary) = planned.motifs { dictionary } else { nil }
    }
  }

  /// Trains the dictionaries of all tensors that share them with `tensor`, unless they are trained already.
  /// Reads the tensors of that group once each.
  public mutating func train(
    for tensor: TensorPlan, read: (String) throws -> Tensor
  ) throws {
    guard case .mosaic(_, let positions, _) = tensor.form, dictionaries[positions[0]] == nil else { return }
    var generator = SeededGenerator(seed: plan.options.seed &+ UInt64(positions[0]) &* 0x1_0000_0001)
    var residual = try sample(for: positions[0], generator: &generator, read: read)
    for position in positions {
      let dictionary = try trained(position, on: residual, generator: &generator)
      dictionaries[position] = dictionary
      residual = self.residual(of: residual, after: dictionary)
    }
  }

  /// The compressed form of a tensor whose dictionaries are trained, and its error against the source; nil for a
  /// tensor that stays dense.
  public func fit(_ tensor: Tensor, as planned: TensorPlan) throws -> FittedTensor? {
    switch planned.form {
    case .dense: return nil
    case .exact(let view, let position):
      return try exact(tensor, name: planned.name, view: view, position: position)
    case .mosaic(let view, let positions, let rowScale):
      return try fitted(tensor, view: view, positions: positions, rowScale: rowScale)
    }
  }

  private func exact(
    _ tensor: Tensor, name: String, view: MatrixView, position: Int
  ) throws -> FittedTensor {
    guard let dictionary = dictionaries[position] else { preconditionFailure("dictionary not trained") }
    let matrix = try view.matrix(of: tensor)
    guard let indices = DistinctBlocks.indices(of: matrix, in: dictionary) else {
      throw FitError.sourceChanged(name: name)
    }
    let mosaic = try Mosaic(
      packing: indices, rowCount: matrix.shape[0],
      blockCount: dictionary.blockCount(covering: matrix.shape[1]), blockLength: dictionary.blockLength,
      indexWidth: dictionary.indexWidth,
      layout: plan.dictionaries[position].layout(rowCount: matrix.shape[0]))
    let part = MosaicPart(stages: [Stage(dictionary: dictionary, mosaic: mosaic)])
    return FittedTensor(
      tensor: MosaicTensor(
        elementType: tensor.elementType, shape: tensor.shape, view: view, composition: .copy, parts: [part]),
      metrics: ErrorMetrics())
  }

  private func fitted(
    _ tensor: Tensor, view: MatrixView, positions: [Int], rowScale: ElementType?
  ) throws(ModelError) -> FittedTensor {
    let trained = positions.map { position in
      guard let dictionary = dictionaries[position] else { preconditionFailure("dictionary not trained") }
      return dictionary
    }
    let rows = RowBlocks(
      matrix: try view.matrix(of: tensor), blockLength: plan.options.blockLength, rowScale: rowScale)
    let encoder = TensorEncoder(
      rows: rows, searches: trained.map(Self.search), motifs: trained.map { $0.storedFloats() })
    let encoded = encoder.encode(pool: pool)
    var stages: [Stage] = []
    for (position, (dictionary, indices)) in zip(positions, zip(trained, encoded.indices)) {
      let mosaic = try Mosaic(
        packing: indices, rowCount: rows.rowCount, blockCount: rows.blocksPerRow,
        blockLength: dictionary.blockLength, indexWidth: dictionary.indexWidth,
        layout: plan.dictionaries[position].layout(rowCount: rows.rowCount))
      stages.append(Stage(dictionary: dictionary, mosaic: mosaic))
    }
    var scales: Tensor?
    if let rowScale {
      scales = try Tensor(rounding: encoded.scales, to: rowScale, shape: Shape(vector: rows.rowCount))
    }
    let part = MosaicPart(stages: stages, rowScale: scales)
    return FittedTensor(
      tensor: MosaicTensor(
        elementType: tensor.elementType, shape: tensor.shape, view: view, parts: [part]),
      metrics: encoded.metrics)
  }

  private static func search(_ dictionary: MotifDictionary) -> MotifSearch {
    MotifSearch(
      motifs: dictionary.storedFloats(), motifCount: dictionary.motifCount, length: dictionary.motifLength)
  }

  /// Blocks of all tensors that use the dictionary at `position`, divided by their row scales.
  private func sample(
    for position: Int, generator: inout SeededGenerator, read: (String) throws -> Tensor
  ) throws -> [Float] {
    let group = plan.tensors.compactMap { tensor -> (TensorPlan, MatrixView, ElementType?)? in
      guard case .mosaic(let view, let positions, let rowScale) = tensor.form, positions[0] == position
      else { return nil }
      return (tensor, view, rowScale)
    }
    let blockCounts = group.map { tensor, view, _ in
      let matrix = view.matrixShape(of: tensor.shape)
      return matrix[0] * ((matrix[1] + plan.options.blockLength - 1) / plan.options.blockLength)
    }
    let sample = BlockSample(
      blockCount: blockCounts.reduce(0, +), motifCount: plan.dictionaries[position].motifCount,
      generator: &generator)
    var blocks: [Float] = []
    var start = 0
    for ((tensor, view, rowScale), count) in zip(group, blockCounts) {
      let rows = RowBlocks(
        matrix: try view.matrix(of: try read(tensor.name)), blockLength: plan.options.blockLength,
        rowScale: rowScale)
      blocks += sample.blocks(of: rows, start: start)
      start += count
    }
    return blocks
  }

  private func trained(
    _ position: Int, on blocks: [Float], generator: inout SeededGenerator
  ) throws(ModelError) -> MotifDictionary {
    let planned = plan.dictionaries[position]
    let clustering = KMeans(
      motifCount: planned.motifCount, length: planned.blockLength,
      pinsZeroMotif: plan.options.hasZeroMotif)
    let motifs = clustering.motifs(for: blocks, generator: &generator, pool: pool)
    let values = try Tensor(
      rounding: motifs, to: planned.elementType,
      shape: Shape(rows: planned.motifCount, columns: planned.blockLength))
    return MotifDictionary(
      motifCount: planned.motifCount, blockLength: planned.blockLength, elementType: planned.elementType,
      hasZeroMotif: plan.options.hasZeroMotif, values: values.bytes)
  }

  private func residual(of blocks: [Float], after dictionary: MotifDictionary) -> [Float] {
    let motifs = dictionary.storedFloats()
    let length = dictionary.motifLength
    var residual = blocks
    var start = 0
    for chunk in Self.search(dictionary).nearestChunks(to: blocks, pool: pool) {
      for index in chunk.indices {
        for offset in 0..<length { residual[start + offset] -= motifs[Int(index) * length + offset] }
        start += length
      }
    }
    return residual
  }
}

/// A tensor in its compressed form, and how far it is from its source.
public struct FittedTensor: Sendable {
  public let tensor: MosaicTensor
  public let metrics: ErrorMetrics
}
