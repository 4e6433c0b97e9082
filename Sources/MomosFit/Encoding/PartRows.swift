import MomosModel

/// The rows of one part of a fitted matrix: weights with outliers at zero, and their scales. Columns are those of the
/// part.
struct PartRows: Sendable {
  /// `[rows, columns]`, the whole matrix.
  let matrix: Tensor
  /// Rows of the part, ascending; nil means all.
  let rows: [Int]?
  /// Columns of the part, ascending; nil means all.
  let columns: [Int]?
  /// Blocks of so many weights whose weights become zero; nil for none.
  let annealing: (mask: AnnealingMask, blockLength: Int)?
  /// Type of the row scales; nil without.
  let rowScale: ElementType?
  let outliers: OutlierSelection
  /// `[rows, columns]`: what is added to the weights to make good for those of the rows that no part covers; nil for
  /// nothing.
  var shift: [Float]?

  var count: Int { rows?.count ?? matrix.shape[0] }
  var columnCount: Int { columns?.count ?? matrix.shape[1] }
  /// The row of the matrix that is the part's row `position`.
  func matrixRow(_ position: Int) -> Int { rows?[position] ?? position }

  /// The column of the matrix that is the part's column `position`.
  func matrixColumn(_ position: Int) -> Int { columns?[position] ?? position }

  /// Weights of a row as they are.
  func source(_ position: Int) -> [Float] {
    let row = matrixRow(position)
    let weights = matrix.floats(in: row * matrix.shape[1]..<(row + 1) * matrix.shape[1])
    guard let columns else { return weights }
    return columns.map { weights[$0] }
  }

  /// Weights of a row, those of outliers and of annealed blocks at zero.
  func weights(_ position: Int) -> [Float] {
    var weights = source(position)
    for column in outlierColumns(position) { weights[column] = 0 }
    guard let (mask, blockLength) = annealing else { return weights }
    for block in 0..<mask.blocksPerRow where !mask.isSupported[position * mask.blocksPerRow + block] {
      for column in block * blockLength..<min((block + 1) * blockLength, columnCount) { weights[column] = 0 }
    }
    return weights
  }

  /// What a fit that knows the inputs brings a row close to: its weights, those of annealed blocks as they are, since
  /// others can make good for what becomes zero, and what makes good for weights that no part covers; outliers at zero.
  func targets(_ position: Int) -> [Float] {
    var targets = source(position)
    for column in outlierColumns(position) { targets[column] = 0 }
    if let shift {
      for column in targets.indices { targets[column] += shift[position * columnCount + column] }
    }
    return targets
  }

  /// 1 for each block of a row that is annealed.
  func zeros(_ position: Int) -> [UInt8] {
    guard let mask = annealing?.mask else { return [] }
    return (0..<mask.blocksPerRow).map { mask.isSupported[position * mask.blocksPerRow + $0] ? 0 : 1 }
  }

  /// Columns of the part whose weights in a row are kept apart.
  func outlierColumns(_ position: Int) -> [Int] {
    guard let all = outliers.columns[matrixRow(position)] else { return [] }
    guard let columns else { return all }
    return all.compactMap { column in
      // The first column of the part that is not before it.
      var (low, high) = (0, columns.count)
      while low < high {
        let middle = (low + high) / 2
        if columns[middle] < column { low = middle + 1 } else { high = middle }
      }
      return low < columns.count && columns[low] == column ? low : nil
    }
  }

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
