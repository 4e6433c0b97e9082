import MomosModel

/// Multiplies by a mosaic tensor with blocking `.flat`, whose blocks need not begin where rows do: element by
/// element, each weight looked up in its motif.
struct FlatMultiplier: Sendable {
  private let tables: [[Float]]
  private let indices: [[UInt16]]
  private let blockLengths: [Int]
  /// Flat position of a matrix element: `rowOffsets[row] + columnOffsets[column]`.
  private let rowOffsets: [Int]
  private let columnOffsets: [Int]

  init(_ tensor: MosaicTensor, view: MatrixView) throws(ModelError) {
    precondition(tensor.blocking == .flat)
    let stages = tensor.parts[0].stages
    tables = stages.map { $0.dictionary.tableFloats() }
    blockLengths = stages.map(\.dictionary.blockLength)
    indices = stages.map { stage in
      var row = [UInt16](repeating: 0, count: stage.mosaic.blockCount)
      var span = row.mutableSpan
      stage.mosaic.unpackRow(0, into: &span)
      return row
    }
    let dimensions = tensor.shape.dimensions
    let strides = dimensions.indices.map { dimensions[($0 + 1)...].reduce(1, *) }
    let axes = view.permutation.map { (size: dimensions[$0], stride: strides[$0]) }
    rowOffsets = Self.offsets(of: axes[..<view.rowAxes])
    columnOffsets = Self.offsets(of: axes[view.rowAxes...])
  }

  func multiply(_ input: Span<Float>, batch: Int, into output: inout MutableSpan<Float>) -> Int {
    let columns = columnOffsets.count
    var weights = [Float](repeating: 0, count: columns)
    for (row, rowOffset) in rowOffsets.enumerated() {
      for column in 0..<columns { weights[column] = weight(at: rowOffset + columnOffsets[column]) }
      for sample in 0..<batch {
        var sum: Float = 0
        for column in 0..<columns { sum += weights[column] * input[sample * columns + column] }
        output[sample * rowOffsets.count + row] = sum
      }
    }
    return 0
  }

  private func weight(at position: Int) -> Float {
    var sum: Float = 0
    for stage in tables.indices {
      let length = blockLengths[stage]
      let (block, offset) = position.quotientAndRemainder(dividingBy: length)
      sum += tables[stage][Int(indices[stage][block]) * length + offset]
    }
    return sum
  }

  /// Offsets of all positions of some axes, row-major.
  private static func offsets(of axes: ArraySlice<(size: Int, stride: Int)>) -> [Int] {
    axes.reduce([0]) { offsets, axis in
      offsets.flatMap { offset in (0..<axis.size).map { offset + $0 * axis.stride } }
    }
  }
}
