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
    for part in tensor.parts where dictionaries[part.dictionaries[0]] == nil {
      try train(part, read: read)
    }
  }

  private mutating func train(_ part: PartPlan, read: (String) throws -> Tensor) throws {
    let first = part.dictionaries[0]
    var training = DictionaryTraining(
      fitClass: part.fitClass, planned: part.dictionaries.map { plan.dictionaries[$0] }, pool: pool,
      generator: SeededGenerator(seed: plan.options.seed &+ UInt64(first) &* 0x1_0000_0001))
    try withoutActuallyEscaping(read) { read in
      let trained = try training.dictionaries(for: members(sharing: part.dictionaries, read: read))
      for (position, dictionary) in zip(part.dictionaries, trained) { dictionaries[position] = dictionary }
    }
  }

  /// All parts that use the same dictionaries.
  private func members(
    sharing positions: [Int], read: @escaping (String) throws -> Tensor
  ) -> [TrainingMember] {
    var members: [TrainingMember] = []
    for tensor in plan.tensors {
      guard case .mosaic(let view, let parts, _, _) = tensor.form else { continue }
      let matrix = view.matrixShape(of: tensor.shape)
      for part in parts where part.dictionaries == positions {
        members.append(
          TrainingMember(rowCount: part.rowCount(of: matrix), columnCount: matrix[1]) {
            try rows(of: part, in: tensor, read(tensor.name))
          })
      }
    }
    return members
  }

  private func rows(of part: PartPlan, in planned: TensorPlan, _ tensor: Tensor) throws -> PartRows {
    guard case .mosaic(let view, _, let rowScale, let outlierCount) = planned.form else {
      preconditionFailure("only mosaics have parts")
    }
    let matrix = try view.matrix(of: tensor)
    let outliers = outlierCount > 0 ? OutlierSelection(of: matrix) : .none
    guard outliers.count == outlierCount else { throw FitError.sourceChanged(name: planned.name) }
    return PartRows(matrix: matrix, rows: part.rows, rowScale: rowScale, outliers: outliers)
  }

  /// The compressed form of a tensor whose dictionaries are trained, and its error against the source; nil for a
  /// tensor that stays dense.
  public func fit(_ tensor: Tensor, as planned: TensorPlan) throws -> FittedTensor? {
    switch planned.form {
    case .dense: return nil
    case .exact(let view, let position):
      return try exact(tensor, as: planned, view: view, position: position)
    case .mosaic(let view, let parts, _, _):
      return try fitted(tensor, as: planned, view: view, parts: parts)
    }
  }

  private func exact(
    _ tensor: Tensor, as planned: TensorPlan, view: MatrixView, position: Int
  ) throws -> FittedTensor {
    let dictionary = dictionary(position)
    let matrix = try view.matrix(of: tensor)
    guard let indices = DistinctBlocks.indices(of: matrix, in: dictionary) else {
      throw FitError.sourceChanged(name: planned.name)
    }
    let mosaic = try Mosaic(
      packing: indices, rowCount: matrix.shape[0],
      blockCount: dictionary.blockCount(covering: matrix.shape[1]), blockLength: dictionary.blockLength,
      indexWidth: dictionary.indexWidth,
      layout: plan.dictionaries[position].layout(rowCount: matrix.shape[0], use: planned.use))
    let part = MosaicPart(stages: [Stage(dictionary: dictionary, mosaic: mosaic)])
    return FittedTensor(
      tensor: MosaicTensor(
        elementType: tensor.elementType, shape: tensor.shape, view: view, composition: .copy, parts: [part]),
      metrics: ErrorMetrics())
  }

  private func fitted(
    _ tensor: Tensor, as planned: TensorPlan, view: MatrixView, parts: [PartPlan]
  ) throws -> FittedTensor {
    var assembly = TensorAssembly(
      elementType: tensor.elementType, shape: tensor.shape, view: view, use: planned.use)
    for part in parts {
      let rows = try rows(of: part, in: planned, tensor)
      let trained = part.dictionaries.map(dictionary)
      let encoding = PartEncoder(rows: rows, dictionaries: trained).encode(pool: pool)
      try assembly.add(
        encoding, of: rows, planned: part.dictionaries.map { plan.dictionaries[$0] }, dictionaries: trained,
        pool: pool)
    }
    return assembly.finished()
  }

  private func dictionary(_ position: Int) -> MotifDictionary {
    guard let dictionary = dictionaries[position] else { preconditionFailure("dictionary not trained") }
    return dictionary
  }
}
