import MomosFit
import MomosInterchange
import MomosModel
import MomosRuntime

/// Finds the parts of the matrices of a plan and the blocks that training left alone.
struct PlanDecomposition {
  private let options: DecompositionOptions
  /// Weights before training.
  private let initial: SourceModel?
  /// nil without samples: then the level alone decides.
  private let loss: MeasuredLoss?
  /// nil without samples.
  private let coactivation: CoactivationPass?
  /// nil without samples.
  private let calibration: Calibration?
  private let seed: UInt64
  private let pairs: [FeedForwardPair]

  /// - Parameters:
  ///   - initial: weights before training, under the names of those after it.
  ///   - loss: nil without samples.
  ///   - coactivation: nil without samples.
  ///   - calibration: nil without samples; annealing by perturbation needs it.
  ///   - pairs: matrices whose parts are sought together.
  init(
    _ options: DecompositionOptions, initial: SourceModel?, loss: MeasuredLoss?,
    coactivation: CoactivationPass?, calibration: Calibration?, seed: UInt64, pairs: [FeedForwardPair]
  ) {
    self.pairs = pairs
    self.options = options
    self.initial = initial
    self.loss = loss
    self.coactivation = coactivation
    self.calibration = calibration
    self.seed = seed
  }

  /// The plan with the parts and the annealed blocks of all matrices that can be decomposed.
  func decomposed(_ plan: FitPlan, read: (String) throws -> Tensor) throws -> FitPlan {
    let shared = try sharedStructures(plan, read: read)
    let graphs = try coactivationGraphs(plan)
    var decompositions: [TensorDecomposition] = []
    for planned in plan.tensors {
      guard let (view, fitClass) = planned.decomposableClass,
        let found = try decomposition(
          of: planned, read(planned.name), view: view, blockLength: fitClass.sequenceLength,
          splitsBridges: plan.options.goal != .explicit, shared: shared[planned.name],
          coactivation: graphs[planned.name])
      else { continue }
      decompositions.append(found)
    }
    return try plan.decomposed(decompositions, calibration: calibration, read: read)
  }

  /// nil where nothing says how the weights were drawn.
  private func decomposition(
    of planned: TensorPlan, _ tensor: Tensor, view: MatrixView, blockLength: Int, splitsBridges: Bool,
    shared: SharedStructure?, coactivation: CoactivationGraph?
  ) throws -> TensorDecomposition? {
    let matrix = try view.matrix(of: tensor)
    let weights = matrix.floats()
    guard let distribution = try distribution(of: planned, weights, matrix.shape) else { return nil }
    let test = SignificanceTest(distribution)
    let evidence = StructureEvidence(
      weights: weights, rows: matrix.shape[0], columns: matrix.shape[1], test: test)
    let found = shared?.structure ?? MatrixStructure(of: evidence, level: options.level)
    var structure = found
    var agreement: StructureAgreement?
    if let coactivation {
      let agreed = StructureAgreement.agreed(structure, evidence, coactivation, level: options.level)
      (structure, agreement) = (agreed.structure, agreed.agreement)
    }
    let moments = calibration?.moments(of: planned.name).flatMap { $0.sampleCount > 0 ? $0 : nil }
    let isPerturbed = options.annealing == .perturbation && moments != nil
    var trial = AnnealingTrial(name: planned.name, tensor: tensor, view: view, weights: weights, loss: loss)
    let follows =
      try structure.isDecomposed && trial.keepsOnly(structure.parts, maximumLoss: options.maximumLoss)
    let keepsBridges = !follows && splitsBridges && found.isDecomposed
    let groups: [(rows: [Int]?, columns: [Int]?)] =
      follows || keepsBridges
      ? (follows ? structure : found).parts.map { ($0.rows, $0.columns) } : [(nil, nil)]
    let parts = try groups.map { rows, columns in
      try trial.annealedPart(rows: rows, columns: columns, blockLength: blockLength, options: options) {
        (weights, rowCount, columnCount) -> any AnnealingEvidence in
        guard isPerturbed, let moments else {
          return BlockEvidence(
            weights: weights, rows: rowCount, columns: columnCount, blockLength: blockLength, test: test)
        }
        return PerturbationEvidence(
          weights: weights, rows: rowCount, columns: columnCount, blockLength: blockLength, test: test,
          moments: moments, inputs: columns, level: options.level, seed: seed)
      }
    }
    return TensorDecomposition(
      name: planned.name, matrix: matrix.shape, distribution: distribution,
      structure: keepsBridges ? found : structure,
      partner: shared?.partner, parts: parts + (keepsBridges ? found.remainders(of: matrix.shape) : []),
      keepsBridges: keepsBridges, energyLoss: trial.energyLoss, outputLoss: trial.outputLoss,
      annealing: isPerturbed ? .perturbation : .statistical, agreement: agreement,
      stronglyConnectedCount: matrix.shape[0] == matrix.shape[1]
        ? evidence.stronglyConnectedComponents(level: options.level).components.count { $0.count > 1 } : nil)
  }

  /// What is active together, by name; nothing without samples.
  private func coactivationGraphs(_ plan: FitPlan) throws -> [String: CoactivationGraph] {
    guard let coactivation else { return [:] }
    let matrices = plan.tensors.compactMap { planned in
      planned.decomposableClass.map { view, _ in
        CoactivationPass.Matrix(name: planned.name, view: view, shape: view.matrixShape(of: planned.shape))
      }
    }
    return try coactivation.graphs(of: matrices, level: options.level)
  }

  /// What a feed-forward pair says of one of its matrices.
  private struct SharedStructure {
    let structure: MatrixStructure
    let partner: String
  }

  /// The structures of matrices [m d, d] and [d, m d] of pairs that fall apart together, by name.
  private func sharedStructures(
    _ plan: FitPlan, read: (String) throws -> Tensor
  ) throws -> [String: SharedStructure] {
    let byName = Dictionary(plan.tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var found: [String: SharedStructure] = [:]
    for pair in pairs {
      guard let first = try byName[pair.first].flatMap({ try tested($0, read: read) }),
        let second = try byName[pair.second].flatMap({ try tested($0, read: read) }),
        first.matrix[0] == second.matrix[1], first.matrix[1] == second.matrix[0],
        first.matrix[0].isMultiple(of: first.matrix[1]),
        first.test.distribution.form == second.test.distribution.form
      else { continue }
      let multiple = first.matrix[0] / first.matrix[1]
      let structure = MatrixStructure(
        of: StructureEvidence(
          first: first.weights, second: second.weights, width: first.matrix[1], multiple: multiple,
          tests: (first.test, second.test)), level: options.level)
      guard structure.isDecomposed else { continue }
      found[pair.first] = SharedStructure(
        structure: structure.expanded(rows: multiple, columns: 1), partner: pair.second)
      found[pair.second] = SharedStructure(
        structure: structure.expanded(rows: 1, columns: multiple), partner: pair.first)
    }
    return found
  }

  /// The weights of a matrix that can be decomposed, and the test of them.
  private func tested(
    _ planned: TensorPlan, read: (String) throws -> Tensor
  ) throws -> (weights: [Float], matrix: Shape, test: SignificanceTest)? {
    guard let (view, _) = planned.decomposableClass else { return nil }
    let matrix = try view.matrix(of: read(planned.name))
    let weights = matrix.floats()
    guard let distribution = try distribution(of: planned, weights, matrix.shape) else { return nil }
    return (weights, matrix.shape, SignificanceTest(distribution))
  }

  private func distribution(
    of planned: TensorPlan, _ weights: [Float], _ matrix: Shape
  ) throws -> InitializationDistribution? {
    if let rule = options.initialization {
      return .rule(rule, fanIn: max(matrix[1], 1), fanOut: max(matrix[0], 1))
    }
    guard let initial else { return .estimated(weights) }
    guard let entry = initial.catalog.first(where: { $0.name == planned.name }) else { return nil }
    guard entry.shape == planned.shape else {
      throw MomosError(
        .badData,
        "initial weights of '\(planned.name)': expected shape \(planned.shape), found \(entry.shape)")
    }
    return .measured(try initial.read(planned.name).floats())
  }
}

extension MatrixStructure {
  /// What lies across the parts: for the rows of each the columns of the others and of none, and the rows of no part.
  /// Nothing of it is annealed: there weights are weak, so that fewer bits do.
  fileprivate func remainders(of matrix: Shape) -> [TensorDecomposition.Part] {
    var rowsLeft = Set(0..<matrix[0])
    var remainders: [TensorDecomposition.Part] = []
    for part in parts {
      rowsLeft.subtract(part.rows)
      let columns = Set(0..<matrix[1]).subtracting(part.columns).sorted()
      guard !columns.isEmpty else { continue }
      remainders.append(
        TensorDecomposition.Part(rows: part.rows, columns: columns, annealing: nil, level: nil))
    }
    guard !rowsLeft.isEmpty else { return remainders }
    return remainders + [
      TensorDecomposition.Part(rows: rowsLeft.sorted(), columns: nil, annealing: nil, level: nil)
    ]
  }
}

/// The weights of one matrix while more and more of them are left out.
private struct AnnealingTrial {
  private let name: String
  private let tensor: Tensor
  private let view: MatrixView
  private let source: [Float]
  private let loss: MeasuredLoss?
  private let columnCount: Int
  private var weights: [Float]
  /// As last measured; nil without samples.
  private(set) var outputLoss: Double?

  init(name: String, tensor: Tensor, view: MatrixView, weights: [Float], loss: MeasuredLoss?) {
    self.name = name
    self.tensor = tensor
    self.view = view
    self.loss = loss
    source = weights
    self.weights = weights
    columnCount = view.matrixShape(of: tensor.shape)[1]
    outputLoss = loss.map { _ in 0 }
  }

  var energyLoss: Double {
    let whole = source.reduce(0.0) { $0 + Double($1) * Double($1) }
    let kept = weights.reduce(0.0) { $0 + Double($1) * Double($1) }
    return whole > 0 ? 1 - kept / whole : 0
  }

  /// Leaves out what is in no part, unless that costs too much.
  mutating func keepsOnly(_ parts: [StructurePart], maximumLoss: Double) throws -> Bool {
    var kept = [Float](repeating: 0, count: source.count)
    for part in parts {
      for row in part.rows {
        for column in part.columns {
          kept[row * columnCount + column] = source[row * columnCount + column]
        }
      }
    }
    if loss != nil {
      let measured = try measuredLoss(of: kept)
      guard measured <= maximumLoss else { return false }
      outputLoss = measured
    }
    weights = kept
    return true
  }

  /// Leaves out the blocks of a part that are not significant, as many as the loss allows.
  mutating func annealedPart(
    rows: [Int]?, columns: [Int]?, blockLength: Int, options: DecompositionOptions,
    evidence: (_ weights: [Float], _ rowCount: Int, _ columnCount: Int) -> any AnnealingEvidence
  ) throws -> TensorDecomposition.Part {
    let rowList = rows ?? Array(0..<source.count / max(columnCount, 1))
    let columnList = columns ?? Array(0..<columnCount)
    let part = rowList.flatMap { row in columnList.map { weights[row * columnCount + $0] } }
    let evidence = evidence(part, rowList.count, columnList.count)
    func annealed(_ mask: AnnealingMask) -> [Float] {
      let kept = mask.annealed(part, columns: columnList.count, blockLength: blockLength)
      var all = weights
      for (position, row) in rowList.enumerated() {
        for (offset, column) in columnList.enumerated() {
          all[row * columnCount + column] = kept[position * columnList.count + offset]
        }
      }
      return all
    }
    var chosen: (mask: AnnealingMask, level: Double)? = (
      evidence.mask(level: options.level), options.level
    )
    if loss != nil {
      let result = try GradualAnnealing(to: options.level).mask(
        of: evidence, maximumLoss: options.maximumLoss
      ) { try measuredLoss(of: annealed($0)) }
      chosen = result.map { ($0.mask, $0.level) }
      if let result { outputLoss = result.loss }
    }
    guard let chosen, chosen.mask.supportedShare < 1 else {
      return TensorDecomposition.Part(rows: rows, columns: columns, annealing: nil, level: nil)
    }
    weights = annealed(chosen.mask)
    return TensorDecomposition.Part(
      rows: rows, columns: columns, annealing: chosen.mask, level: chosen.level)
  }

  private func measuredLoss(of weights: [Float]) throws -> Double {
    guard let loss else { return 0 }
    let matrix = try Tensor(
      rounding: weights, to: tensor.elementType, shape: view.matrixShape(of: tensor.shape))
    return try loss.loss(replacing: [name: .dense(view.tensor(from: matrix, shape: tensor.shape))])
  }
}
