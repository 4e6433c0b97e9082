public import MomosModel

/// What happens to one tensor.
public struct TensorPlan: Sendable {
  public enum Form: Sendable {
    case dense(reason: String)
    /// Stored without loss, through the dictionary with this position in the plan.
    case exact(MatrixView, Blocking, dictionary: Int)
    /// Fitted. No row scale type means no row scale.
    case mosaic(MatrixView, parts: [PartPlan], rowScale: ElementType?, outlierCount: Int)
  }

  public let name: String
  public let elementType: ElementType
  public let shape: Shape
  public let use: WeightUse
  public let form: Form

  /// `[rows, columns]` of what is cut into blocks: the matrix, or with flat blocking all weights as one row.
  public func matrixShape(_ view: MatrixView, _ blocking: Blocking) -> Shape {
    switch blocking {
    case .rows: view.matrixShape(of: shape)
    case .flat: Shape(rows: 1, columns: shape.elementCount)
    }
  }

  /// Bytes of the dense source values.
  public var denseByteCount: Int { shape.elementCount * elementType.byteCount }

  /// What the outputs are expected to lose through it; nil where nothing was measured.
  public var predictedLoss: Double? {
    let losses = parts.compactMap(\.predictedLoss)
    return losses.isEmpty ? nil : losses.reduce(0, +)
  }

  /// Parts of a fitted tensor; none otherwise.
  public var parts: [PartPlan] {
    if case .mosaic(_, let parts, _, _) = form { parts } else { [] }
  }
}

/// Rows and columns of a tensor that are fitted alike.
public struct PartPlan: Sendable, Hashable {
  /// Strictly ascending; nil means all rows.
  public let rows: [Int]?
  /// Strictly ascending; nil means all columns.
  public let columns: [Int]?
  /// Blocks of the part that keep their weights; nil means all.
  public let annealing: AnnealingMask?
  public let fitClass: FitClass
  /// Positions of dictionaries in the plan, one for each stage.
  public let dictionaries: [Int]
  /// What the outputs are expected to lose through this part; nil where nothing was allocated.
  public let predictedLoss: Double?

  init(
    rows: [Int]?, columns: [Int]? = nil, annealing: AnnealingMask? = nil, fitClass: FitClass,
    dictionaries: [Int], predictedLoss: Double? = nil
  ) {
    self.rows = rows
    self.columns = columns
    self.annealing = annealing
    self.fitClass = fitClass
    self.dictionaries = dictionaries
    self.predictedLoss = predictedLoss
  }

  func rowCount(of matrix: Shape) -> Int { rows?.count ?? matrix[0] }

  func columnCount(of matrix: Shape) -> Int { columns?.count ?? matrix[1] }

  /// Columns of the matrix that a row of the part keeps; nil for all.
  func keptColumns(ofRow position: Int, of matrix: Shape) -> [Int]? {
    guard let annealing else { return columns }
    let count = columnCount(of: matrix)
    let length = fitClass.sequenceLength
    return annealing.keptBlocks(ofRow: position).flatMap { block in
      (block * length..<min((block + 1) * length, count)).map { columns?[$0] ?? $0 }
    }
  }
}
