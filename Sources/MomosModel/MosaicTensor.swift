/// How the fitted matrix `[rows, columns]` arises from a tensor: columns are the input (reduction) dimension.
public struct MatrixView: Sendable, Hashable {
  /// Axis `a` of the arranged tensor is axis `permutation[a]` of the tensor.
  public let permutation: [Int]
  /// How many leading axes of the arranged tensor are rows; the others are columns.
  public let rowAxes: Int

  public init(permutation: [Int], rowAxes: Int) {
    precondition(permutation.sorted() == Array(0..<permutation.count))
    precondition((0...permutation.count).contains(rowAxes))
    self.permutation = permutation
    self.rowAxes = rowAxes
  }

  /// The last axis is the input dimension: `[out, in]` matrices, embeddings `[words, features]`.
  public static func lastAxisIsInput(rank: Int) -> MatrixView {
    MatrixView(permutation: Array(0..<rank), rowAxes: max(rank - 1, 0))
  }

  /// The first axis is the input dimension: `[in, out]` matrices.
  public static func firstAxisIsInput(rank: Int) -> MatrixView {
    MatrixView(permutation: Array(0..<rank).dropFirst() + (rank > 0 ? [0] : []), rowAxes: max(rank - 1, 0))
  }

  public var isIdentity: Bool { permutation == Array(0..<permutation.count) }

  /// The matrix shape `[rows, columns]` of a tensor of the given shape, whose rank must match.
  public func matrixShape(of shape: Shape) -> Shape {
    precondition(shape.rank == permutation.count)
    let arranged = permutation.map { shape[$0] }
    return Shape(rows: arranged[..<rowAxes].reduce(1, *), columns: arranged[rowAxes...].reduce(1, *))
  }

  /// The tensor as a matrix `[rows, columns]`; copies unless the permutation is the identity.
  public func matrix(of tensor: Tensor) throws(ModelError) -> Tensor {
    try tensor.transposed(permutation).reshaped(to: matrixShape(of: tensor.shape))
  }

  /// The inverse of `matrix(of:)` for a tensor of the given shape.
  public func tensor(from matrix: Tensor, shape: Shape) throws(ModelError) -> Tensor {
    let arranged = try Shape(permutation.map { shape[$0] })
    var inverse = permutation
    for (axis, source) in permutation.enumerated() { inverse[source] = axis }
    return try matrix.reshaped(to: arranged).transposed(inverse)
  }
}

/// How the fitted matrix is cut into blocks.
public enum Blocking: Int, Sendable, Hashable, Codable {
  /// Along the columns of the matrix view; the last block of a row is zero-padded.
  case rows = 0
  /// The tensor flattened row-major is one row; its last block is zero-padded.
  case flat = 1

  /// "rows" or "flat".
  public var name: String {
    switch self {
    case .rows: "rows"
    case .flat: "flat"
    }
  }
}

/// How stages become weights.
public enum Composition: Int, Sendable, Hashable, Codable {
  /// Stages are added in float32, scaled, outliers added, and the sum rounded to the element type.
  case sum = 0
  /// One plain stage whose motif values, in the tensor's own element type, are the weights bit for bit.
  case copy = 1
}

/// A dictionary and the mosaic of its indices; a part is the sum of its stages.
public struct Stage: Sendable, Hashable {
  public let dictionary: MotifDictionary
  public let mosaic: Mosaic

  public init(dictionary: MotifDictionary, mosaic: Mosaic) {
    precondition(dictionary.indexWidth == mosaic.indexWidth)
    self.dictionary = dictionary
    self.mosaic = mosaic
  }
}

/// Rows and columns of the fitted matrix with stages of their own. Parts of a tensor are disjoint.
public struct MosaicPart: Sendable, Hashable {
  /// Strictly ascending row numbers; nil means all rows.
  public let rows: [Int]?
  /// Strictly ascending column numbers; nil means all columns.
  public let columns: [Int]?
  public let stages: [Stage]
  /// One factor per row of the part, float16 or float32.
  public let rowScale: Tensor?

  public init(rows: [Int]? = nil, columns: [Int]? = nil, stages: [Stage], rowScale: Tensor? = nil) {
    self.rows = rows
    self.columns = columns
    self.stages = stages
    self.rowScale = rowScale
  }
}

/// Weights kept apart from the stages and added to them: position and value, ascending by row, then column.
public struct Outliers: Sendable, Hashable {
  public let rows: [Int]
  public let columns: [Int]
  /// Float16 values.
  public let values: [Float16]

  public init(rows: [Int], columns: [Int], values: [Float16]) {
    precondition(rows.count == columns.count && rows.count == values.count)
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  public static let none = Outliers(rows: [], columns: [], values: [])

  public var count: Int { rows.count }

  /// Bytes of one outlier of a matrix of this shape as stored: row, column and value.
  public static func byteCount(of matrix: Shape) -> Int {
    max(matrix[0], matrix[1]) > 65_536 ? 10 : 6
  }
}

/// The compressed form of a tensor (spec section 6).
public struct MosaicTensor: Sendable, Hashable {
  /// Element type of the source tensor, one of the floating-point types.
  public let elementType: ElementType
  /// Shape of the source tensor.
  public let shape: Shape
  public let view: MatrixView
  public let blocking: Blocking
  public let composition: Composition
  /// Disjoint; rows and columns that no part covers are zero.
  public let parts: [MosaicPart]
  public let outliers: Outliers

  public init(
    elementType: ElementType, shape: Shape, view: MatrixView, blocking: Blocking = .rows,
    composition: Composition = .sum, parts: [MosaicPart], outliers: Outliers = .none
  ) {
    precondition(view.permutation.count == shape.rank)
    self.elementType = elementType
    self.shape = shape
    self.view = view
    self.blocking = blocking
    self.composition = composition
    self.parts = parts
    self.outliers = outliers
  }

  /// `[rows, columns]` of the fitted matrix; `[1, elements]` for flat blocking.
  public var matrixShape: Shape {
    switch blocking {
    case .rows: view.matrixShape(of: shape)
    case .flat: Shape(rows: 1, columns: shape.elementCount)
    }
  }

  /// Bytes of indices, row scales and outliers as they lie in memory; dictionaries are counted apart because
  /// tensors share them.
  public var byteCount: Int {
    parts.reduce(outliers.count * Outliers.byteCount(of: matrixShape)) { sum, part in
      part.stages.reduce(sum + (part.rowScale?.bytes.count ?? 0)) { $0 + $1.mosaic.bytes.count }
    }
  }
}
