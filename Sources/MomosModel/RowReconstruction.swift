/// Rows of a compressed matrix, each reconstructed on its own.
///
/// For tables of which few rows are asked for at a time: memory and time are proportional to those rows.
public struct RowReconstruction: Sendable {
  private let tensor: MosaicTensor
  private let reconstruction: Reconstruction
  public let rowCount: Int
  public let columnCount: Int

  /// The tensor must be a matrix `[rows, columns]`, or have blocking `.rows`.
  public init(_ tensor: MosaicTensor) {
    precondition(tensor.blocking == .rows || tensor.shape.rank == 2)
    self.tensor = tensor
    reconstruction = Reconstruction(tensor)
    let matrix = tensor.blocking == .rows ? tensor.matrixShape : tensor.shape
    rowCount = matrix[0]
    columnCount = matrix[1]
  }

  /// Refuses rows that memory does not hold.
  public func requireMemory() throws(ModelError) { try reconstruction.requireMemory() }

  /// Writes the weights of a row as `Reconstruction` gives them, in the bits of the tensor's element type.
  ///
  /// - Parameter weights: `columnCount` elements as wide as those of the tensor, overwritten.
  @_specialize(where Pattern == UInt16)
  @_specialize(where Pattern == UInt32)
  @_specialize(where Pattern == UInt64)
  public func write<Pattern: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    row: Int, to weights: inout MutableSpan<Pattern>
  ) {
    precondition(weights.count == columnCount && Pattern.bitWidth == 8 * tensor.elementType.byteCount)
    let start = tensor.blocking == .rows ? 0 : row * columnCount
    switch tensor.composition {
    case .copy: copy(from: start, of: tensor.blocking == .rows ? row : 0, to: &weights)
    case .sum where tensor.blocking == .rows: round(reconstruction.row(row), to: &weights)
    case .sum: round(summed(start..<(start + columnCount)), to: &weights)
    }
  }

  private func round<Pattern: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ values: [Float], to weights: inout MutableSpan<Pattern>
  ) {
    switch tensor.elementType {
    case .float16:
      for column in values.indices {
        weights[column] = Pattern(truncatingIfNeeded: Float16(values[column]).bitPattern)
      }
    case .bfloat16:
      for column in values.indices {
        weights[column] = Pattern(truncatingIfNeeded: values[column].bfloat16Bits)
      }
    case .float64:
      for column in values.indices {
        weights[column] = Pattern(truncatingIfNeeded: Double(values[column]).bitPattern)
      }
    default:
      for column in values.indices {
        weights[column] = Pattern(truncatingIfNeeded: values[column].bitPattern)
      }
    }
  }

  /// The bits of the motifs from a column of a matrix row on.
  private func copy<Pattern: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    from start: Int, of row: Int, to weights: inout MutableSpan<Pattern>
  ) {
    let stage = tensor.parts[0].stages[0]
    let dictionary = stage.dictionary
    let motifs = dictionary.values.span(of: Pattern.self)
    let sign = Pattern(1) << Pattern(Pattern.bitWidth - 1)
    var column = 0
    while column < weights.count {
      let (block, offset) = (start + column).quotientAndRemainder(dividingBy: dictionary.blockLength)
      let index = Int(stage.mosaic.index(row: row, block: block))
      let flip = index & dictionary.signBit != 0 ? sign : 0
      let motif = (index & ~dictionary.signBit) * dictionary.motifLength + offset
      let length = min(dictionary.blockLength - offset, weights.count - column)
      for position in 0..<length { weights[column + position] = motifs[motif + position] ^ flip }
      column += length
    }
  }

  /// Weights of a tensor with blocking `.flat`, before rounding: its stages, then its outliers.
  private func summed(_ range: Range<Int>) -> [Float] {
    var weights = [Float](repeating: 0, count: range.count)
    for (stage, table) in zip(tensor.parts[0].stages, reconstruction.tables[0]) {
      let length = stage.dictionary.blockLength
      for position in range {
        let (block, offset) = position.quotientAndRemainder(dividingBy: length)
        let index = Int(stage.mosaic.index(row: 0, block: block))
        weights[position - range.lowerBound] += table[index * stage.dictionary.motifLength + offset]
      }
    }
    let outliers = tensor.outliers
    var number = outliers.columns.partitioningIndex { $0 >= range.lowerBound }
    while number < outliers.count, range.contains(outliers.columns[number]) {
      weights[outliers.columns[number] - range.lowerBound] += Float(outliers.values[number])
      number += 1
    }
    return weights
  }
}
