import MomosModel

/// The rows of one part of a fitted matrix: weights with outliers at zero, and their scales.
struct PartRows: Sendable {
  /// `[rows, columns]`, the whole matrix.
  let matrix: Tensor
  /// Rows of the part, ascending; nil means all.
  let rows: [Int]?
  /// Type of the row scales; nil without.
  let rowScale: ElementType?
  let outliers: OutlierSelection

  var count: Int { rows?.count ?? matrix.shape[0] }
  var columnCount: Int { matrix.shape[1] }

  /// The row of the matrix that is the part's row `position`.
  func matrixRow(_ position: Int) -> Int { rows?[position] ?? position }

  /// Weights of a row as they are.
  func source(_ position: Int) -> [Float] {
    let row = matrixRow(position)
    return matrix.floats(in: row * columnCount..<(row + 1) * columnCount)
  }

  /// Weights of a row, outliers at zero.
  func weights(_ position: Int) -> [Float] {
    var weights = source(position)
    for column in outlierColumns(position) { weights[column] = 0 }
    return weights
  }

  func outlierColumns(_ position: Int) -> [Int] { outliers.columns[matrixRow(position)] ?? [] }

  /// The root mean square of a row as its scale type stores it; 1 without row scales and for rows of zeros.
  func initialScale(of weights: [Float]) -> Float {
    let scale = stored(scale: Float(rootMeanSquare(weights)))
    return rowScale != nil && scale > 0 ? scale : 1
  }

  /// A scale rounded to the type that stores it.
  func stored(scale: Float) -> Float {
    rowScale == .float16 ? Float(Float16(scale)) : scale
  }

  /// A weight as the tensor's element type stores it.
  func stored(weight: Float) -> Float {
    switch matrix.elementType {
    case .float16: Float(Float16(weight))
    case .bfloat16: Float(bfloat16Bits: weight.bfloat16Bits)
    default: weight
    }
  }
}

/// Motif indices and scales of the rows of a part.
public struct PartEncoding: Sendable {
  /// One list for each stage, row-major.
  public var indices: [[UInt16]]
  /// One for each row; all 1 without row scales.
  public var scales: [Float]

  public init(indices: [[UInt16]], scales: [Float]) {
    self.indices = indices
    self.scales = scales
  }
}
