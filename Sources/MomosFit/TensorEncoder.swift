import MomosKernels
import MomosModel

/// Gives every block of a matrix its motif of each stage, and every row the scale that fits its motifs best.
struct TensorEncoder: Sendable {
  let rows: RowBlocks
  let searches: [MotifSearch]
  /// Motifs of each stage as stored, `[motifCount, blockLength]`.
  let motifs: [[Float]]

  struct Encoded: Sendable {
    /// One list for each stage, row-major.
    var indices: [[UInt16]]
    var scales: [Float] = []
    var metrics = ErrorMetrics()
  }

  /// Rows are spread over the threads in chunks whose size does not depend on their number.
  func encode(pool: ThreadPool) -> Encoded {
    let chunk = max(1, 65_536 / max(1, rows.columnCount))
    let taskCount = (rows.rowCount + chunk - 1) / chunk
    let chunks = pool.map(taskCount: taskCount) { task in
      encode(rows: task * chunk..<min((task + 1) * chunk, rows.rowCount))
    }
    var whole = Encoded(indices: searches.map { _ in [] })
    for stage in searches.indices {
      whole.indices[stage].reserveCapacity(rows.rowCount * rows.blocksPerRow)
      for chunk in chunks { whole.indices[stage] += chunk.indices[stage] }
    }
    for chunk in chunks {
      whole.scales += chunk.scales
      whole.metrics.add(chunk.metrics)
    }
    return whole
  }

  private func encode(rows range: Range<Int>) -> Encoded {
    var encoded = Encoded(indices: searches.map { _ in [] })
    for row in range { encodeRow(rows.row(row), into: &encoded) }
    return encoded
  }

  private func encodeRow(_ row: [Float], into encoded: inout Encoded) {
    let initial = rows.initialScale(of: row)
    var residual = rows.blocks(of: row, scale: initial)
    var sum = [Float](repeating: 0, count: residual.count)
    for (stage, search) in searches.enumerated() {
      let indices = search.nearest(to: residual.span).indices
      for (block, index) in indices.enumerated() {
        let motif = Int(index) * rows.blockLength
        let start = block * rows.blockLength
        for offset in 0..<rows.blockLength {
          sum[start + offset] += motifs[stage][motif + offset]
          residual[start + offset] -= motifs[stage][motif + offset]
        }
      }
      encoded.indices[stage] += indices
    }
    let scale = fittedScale(of: row, sum: sum, initial: initial)
    if rows.rowScale != nil { encoded.scales.append(scale) }
    encoded.metrics.add(reference: row, measured: row.indices.map { stored(scale * sum[$0]) })
  }

  /// The scale with the least squared error for the chosen motifs: dot(row, sum) / dot(sum, sum).
  private func fittedScale(of row: [Float], sum: [Float], initial: Float) -> Float {
    guard let type = rows.rowScale else { return 1 }
    var product = 0.0
    var norm = 0.0
    for column in row.indices {
      product += Double(row[column]) * Double(sum[column])
      norm += Double(sum[column]) * Double(sum[column])
    }
    guard norm > 0 else { return initial }
    let scale = rows.stored(Float(product / norm), as: type)
    return scale > 0 && scale.isFinite ? scale : initial
  }

  /// A weight as the tensor's element type stores it.
  private func stored(_ weight: Float) -> Float {
    switch rows.matrix.elementType {
    case .float16: Float(Float16(weight))
    case .bfloat16: Float(bfloat16Bits: weight.bfloat16Bits)
    default: weight
    }
  }
}
