public import MomosModel

/// What significance tests found of one matrix.
public struct TensorDecomposition: Sendable, Hashable {
  /// Rows and columns with stages of their own, and their blocks that are kept.
  public struct Part: Sendable, Hashable {
    /// Ascending; nil means all rows.
    public let rows: [Int]?
    /// Ascending; nil means all columns.
    public let columns: [Int]?
    /// nil keeps all blocks.
    public let annealing: AnnealingMask?
    /// The level at which its blocks were annealed; nil if none were.
    public let level: Double?

    public init(rows: [Int]?, columns: [Int]?, annealing: AnnealingMask?, level: Double?) {
      self.rows = rows
      self.columns = columns
      self.annealing = annealing
      self.level = level
    }
  }

  public let name: String
  /// `[rows, columns]`.
  public let matrix: Shape
  public let distribution: InitializationDistribution
  /// What was found, whether or not the plan follows it.
  public let structure: MatrixStructure
  /// The other matrix of a feed-forward pair whose parameters decided the structure together; nil where the matrix did
  /// alone.
  public let partner: String?
  public let parts: [Part]
  /// The share of the squares of the weights that is left out.
  public let energyLoss: Double
  /// What the outputs lose on the samples through what is left out, 1 - cosine; nil without samples.
  public let outputLoss: Double?
  /// What decided which blocks were annealed.
  public let annealing: AnnealingRule
  /// What co-activation on the samples says of the structure; nil without samples.
  public let agreement: StructureAgreement?
  /// Strongly connected components of at least two states, of a square matrix as the graph between states; nil for others.
  public let stronglyConnectedCount: Int?

  public init(
    name: String, matrix: Shape, distribution: InitializationDistribution, structure: MatrixStructure,
    partner: String? = nil, parts: [Part], energyLoss: Double, outputLoss: Double?,
    annealing: AnnealingRule = .statistical, agreement: StructureAgreement? = nil,
    stronglyConnectedCount: Int? = nil
  ) {
    self.name = name
    self.matrix = matrix
    self.distribution = distribution
    self.structure = structure
    self.partner = partner
    self.parts = parts
    self.energyLoss = energyLoss
    self.outputLoss = outputLoss
    self.annealing = annealing
    self.agreement = agreement
    self.stronglyConnectedCount = stronglyConnectedCount
  }

  /// Whether the parts are those of the structure, where it has several.
  public var followsStructure: Bool { !structure.isDecomposed || parts.count > 1 }

  /// The share of the weights that no part covers, or that lie in annealed blocks.
  public var annealedShare: Double {
    let kept = parts.reduce(0.0) { sum, part in
      let count = (part.rows?.count ?? matrix[0]) * (part.columns?.count ?? matrix[1])
      return sum + Double(count) * (part.annealing?.supportedShare ?? 1)
    }
    return 1 - kept / Double(max(matrix.elementCount, 1))
  }
}

extension TensorPlan {
  /// The class of a matrix that can be decomposed: fitted as one part of plain motifs. nil for any other tensor.
  public var decomposableClass: (view: MatrixView, fitClass: FitClass)? {
    guard case .mosaic(let view, let parts, _, _) = form, use == .product, parts.count == 1,
      parts[0].rows == nil, !parts[0].fitClass.stages.contains(where: \.isOverlapping)
    else { return nil }
    return (view, parts[0].fitClass)
  }
}

extension FitPlan {
  /// The plan with the parts of decompositions, in the classes and with the dictionaries that their tensors have.
  ///
  /// - Parameter decompositions: of tensors that have a `decomposableClass`.
  public func decomposed(_ decompositions: [TensorDecomposition]) -> FitPlan {
    let byName = Dictionary(decompositions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var plan = FitPlan(
      options: options, dictionaries: dictionaries,
      tensors: tensors.map { tensor in byName[tensor.name].map(tensor.decomposed) ?? tensor })
    plan.decompositions = decompositions
    return plan
  }
}

extension TensorPlan {
  fileprivate func decomposed(_ decomposition: TensorDecomposition) -> TensorPlan {
    guard case .mosaic(let view, let parts, let rowScale, let outlierCount) = form, let whole = parts.first
    else { return self }
    let isWhole = decomposition.parts.allSatisfy { $0.columns == nil }
    return TensorPlan(
      name: name, elementType: elementType, shape: shape, use: use,
      form: .mosaic(
        view,
        parts: decomposition.parts.map {
          PartPlan(
            rows: $0.rows, columns: $0.columns, annealing: $0.annealing, fitClass: whole.fitClass,
            dictionaries: whole.dictionaries, predictedLoss: isWhole ? whole.predictedLoss : nil)
        }, rowScale: rowScale, outlierCount: isWhole ? outlierCount : 0))
  }
}
