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
  /// Whether what lies across the parts of the structure has parts of its own, instead of being left out.
  public let keepsBridges: Bool
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
    partner: String? = nil, parts: [Part], keepsBridges: Bool = false, energyLoss: Double,
    outputLoss: Double?,
    annealing: AnnealingRule = .statistical, agreement: StructureAgreement? = nil,
    stronglyConnectedCount: Int? = nil
  ) {
    self.name = name
    self.matrix = matrix
    self.distribution = distribution
    self.structure = structure
    self.partner = partner
    self.parts = parts
    self.keepsBridges = keepsBridges
    self.energyLoss = energyLoss
    self.outputLoss = outputLoss
    self.annealing = annealing
    self.agreement = agreement
    self.stronglyConnectedCount = stronglyConnectedCount
  }

  /// Whether the parts are those of the structure, where it has several, and what lies across them is left out.
  public var followsStructure: Bool { !structure.isDecomposed || parts.count > 1 && !keepsBridges }

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
  /// The plan with the parts of decompositions.
  ///
  /// Where numbers of blocks and motifs decide the class of a matrix, its parts have that class; where a goal chose it, they
  /// get classes of their own, which `PartClasses` chooses.
  ///
  /// - Parameters:
  ///   - decompositions: of tensors that have a `decomposableClass`.
  ///   - calibration: what is known of the inputs of matrices.
  ///   - read: the dense tensor of a name.
  public func decomposed(
    _ decompositions: [TensorDecomposition], calibration: Calibration?, read: (String) throws -> Tensor
  ) throws -> FitPlan {
    let byName = Dictionary(decompositions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var classes = PartClasses(self)
    let decomposed = try tensors.map { tensor in
      guard let decomposition = byName[tensor.name], decomposition.isRestricting else { return tensor }
      return try tensor.decomposed(
        decomposition, read(tensor.name), energies: calibration?.moments(of: tensor.name)?.squares,
        keepsOutliers: options.keepsOutliers, classes: &classes)
    }
    var plan = classes.plan(decomposed)
    plan.decompositions = decompositions
    return plan
  }
}

extension TensorDecomposition {
  /// Whether anything is left out or split.
  fileprivate var isRestricting: Bool {
    parts.contains { $0.rows != nil || $0.columns != nil || $0.annealing != nil }
  }
}

extension TensorPlan {
  /// - Parameter energies: mean squares of the inputs, up to a factor; nil where they are unknown.
  fileprivate func decomposed(
    _ decomposition: TensorDecomposition, _ tensor: Tensor, energies: [Double]?, keepsOutliers: Bool,
    classes: inout PartClasses
  ) throws -> TensorPlan {
    guard case .mosaic(let view, let parts, let rowScale, _) = form, let whole = parts.first
    else { return self }
    let matrix = try view.matrix(of: tensor)
    let found = classes.classified(
      decomposition.parts.map {
        PartPlan(
          rows: $0.rows, columns: $0.columns, annealing: $0.annealing, fitClass: whole.fitClass,
          dictionaries: whole.dictionaries)
      }, of: matrix, whole: whole, energies: energies ?? [Double](repeating: 1, count: matrix.shape[1]))
    let outliers =
      keepsOutliers ? OutlierSelection(of: matrix, inputEnergy: energies, parts: found) : .none
    return TensorPlan(
      name: name, elementType: elementType, shape: shape, use: use,
      form: .mosaic(view, parts: found, rowScale: rowScale, outlierCount: outliers.count))
  }
}
