import MomosModel

/// The rows of a fitted matrix as blocks: divided by their scales, zero-padded to whole blocks.
struct RowBlocks: Sendable {
  let matrix: Tensor
  let blockLength: Int
  let rowScale: ElementType?

  var rowCount: Int { matrix.shape[0] }
  var columnCount: Int { matrix.shape[1] }
  var blocksPerRow: Int { (columnCount + blockLength - 1) / blockLength }

  func row(_ row: Int) -> [Float] {
    matrix.floats(in: row * columnCount..<(row + 1) * columnCount)
  }

  /// The root mean square of a row as its scale type stores it; 1 without row scales and for rows of zeros.
  func initialScale(of row: [Float]) -> Float {
    guard let rowScale else { return 1 }
    let scale = stored(Float(rootMeanSquare(row)), as: rowScale)
    return scale > 0 ? scale : 1
  }

  /// `[blocksPerRow, blockLength]` weights divided by `scale`.
  func blocks(of row: [Float], scale: Float) -> [Float] {
    var blocks = [Float](repeating: 0, count: blocksPerRow * blockLength)
    for column in row.indices { blocks[column] = row[column] / scale }
    return blocks
  }

  /// A scale rounded to the type that stores it.
  func stored(_ scale: Float, as elementType: ElementType) -> Float {
    elementType == .float16 ? Float(Float16(scale)) : scale
  }
}
