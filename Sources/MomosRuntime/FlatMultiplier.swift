import MomosKernels
import MomosModel

/// Multiplies by a mosaic tensor with blocking `.flat`, whose blocks need not begin where rows do: element by
/// element, each weight looked up in its motif.
struct FlatMultiplier: Sendable {
  private let tables: [[Float]]
  /// Of each stage, u16 for every block.
  private let indices: [Bytes]
  private let blockLengths: [Int]
  /// Flat position of a matrix element: `rowOffsets[row] + columnOffsets[column]`, both of them Int.
  private let rowOffsets: Bytes
  private let columnOffsets: Bytes

  init(_ tensor: MosaicTensor, view: MatrixView) throws(ModelError) {
    precondition(tensor.blocking == .flat)
    let stages = tensor.parts[0].stages
    tables = stages.map { $0.dictionary.tableFloats() }
    blockLengths = stages.map(\.dictionary.blockLength)
    // Checked memory: a dictionary of one motif needs no indices, whatever shape the tensor claims.
    indices = try stages.map { stage throws(ModelError) in
      var row = try MutableBytes(byteCount: stage.mosaic.blockCount * MemoryLayout<UInt16>.stride)
      var span = row.mutableSpan(of: UInt16.self)
      stage.mosaic.unpackRow(0, into: &span)
      return row.freeze()
    }
    let dimensions = tensor.shape.dimensions
    let strides = dimensions.indices.map { dimensions[($0 + 1)...].reduce(1, *) }
    let axes = view.permutation.map { (size: dimensions[$0], stride: strides[$0]) }
    rowOffsets = try Self.offsets(of: axes[..<view.rowAxes])
    columnOffsets = try Self.offsets(of: axes[view.rowAxes...])
  }

  func multiply(
    _ input: Span<Float>, batch: Int, into output: inout MutableSpan<Float>
  ) throws(ModelError) -> Int {
    let rows = rowOffsets.span(of: Int.self)
    let columns = columnOffsets.span(of: Int.self)
    var scratch = try ScratchMemory(floatCount: columns.count)
    var weights = scratch.mutableSpan(of: Float.self)
    for row in rows.indices {
      addWeights(at: rows[row], columns, to: &weights)
      for sample in 0..<batch {
        var sum: Float = 0
        for column in columns.indices { sum += weights[column] * input[sample * columns.count + column] }
        output[sample * rows.count + row] = sum
      }
    }
    return 0
  }

  /// The weights of the row that begins at a flat position.
  private func addWeights(at start: Int, _ columns: Span<Int>, to weights: inout MutableSpan<Float>) {
    for column in columns.indices { weights[column] = 0 }
    for stage in tables.indices {
      let length = blockLengths[stage]
      let (mosaic, motifs) = (indices[stage], tables[stage])
      let blocks = mosaic.span(of: UInt16.self)
      let table = motifs.span
      for column in columns.indices {
        let (block, offset) = (start + columns[column]).quotientAndRemainder(dividingBy: length)
        weights[column] += table[Int(blocks[block]) * length + offset]
      }
    }
  }

  /// Offsets of all positions of some axes, row-major.
  private static func offsets(of axes: ArraySlice<(size: Int, stride: Int)>) throws(ModelError) -> Bytes {
    let count = axes.reduce(1) { $0 * $1.size }
    var offsets = try MutableBytes(byteCount: count * MemoryLayout<Int>.stride)
    var target = offsets.mutableSpan(of: Int.self)
    // Positions that are known so far: those of the outer axes, one for each combination, at the start.
    var known = 1
    for axis in axes {
      for position in (0..<known).reversed() {
        let outer = target[position]
        for step in (0..<axis.size).reversed() {
          target[position * axis.size + step] = outer + step * axis.stride
        }
      }
      known *= axis.size
    }
    return offsets.freeze()
  }
}
