import MomosKernels
import MomosModel

/// Gives every block of a part its motif of each stage, and every row the scale that fits its motifs best.
struct PartEncoder: Sendable {
  private let rows: PartRows
  private let dictionaries: [MotifDictionary]
  private let expansion: MotifExpansion
  private let searches: [MotifSearch]

  init(rows: PartRows, dictionaries: [MotifDictionary]) {
    self.rows = rows
    self.dictionaries = dictionaries
    expansion = MotifExpansion(dictionaries, columnCount: rows.columnCount)
    searches = dictionaries.map { dictionary in
      MotifSearch(
        // Antipodal dictionaries have as many motifs as table entries.
        motifs: Array(dictionary.tableFloats().prefix(dictionary.motifCount * dictionary.motifLength)),
        motifCount: dictionary.motifCount, length: dictionary.motifLength)
    }
  }

  /// Rows are spread over the threads in chunks whose size does not depend on their number.
  func encode(pool: ThreadPool) -> PartEncoding {
    let chunk = max(1, 65_536 / max(1, rows.columnCount))
    let chunks = pool.map(taskCount: (rows.count + chunk - 1) / chunk) { task in
      encode(rows: task * chunk..<min((task + 1) * chunk, rows.count))
    }
    var whole = PartEncoding(indices: searches.map { _ in [] }, scales: [])
    for stage in searches.indices {
      whole.indices[stage].reserveCapacity(rows.count * expansion.blockCount(stage: stage))
    }
    for chunk in chunks {
      for stage in searches.indices { whole.indices[stage] += chunk.indices[stage] }
      whole.scales += chunk.scales
    }
    return whole
  }

  private func encode(rows range: Range<Int>) -> PartEncoding {
    var encoding = PartEncoding(indices: searches.map { _ in [] }, scales: [])
    for row in range {
      let weights = rows.weights(row)
      let initial = rows.initialScale(of: weights)
      var residual = weights.map { $0 / initial }
      var indices: [[UInt16]] = []
      for stage in searches.indices {
        indices.append(nearest(to: residual, stage: stage))
        let sum = expansion.row(0, of: indices)
        for column in residual.indices { residual[column] = weights[column] / initial - sum[column] }
      }
      encoding.scales.append(fittedScale(of: weights, sum: expansion.row(0, of: indices), initial: initial))
      for stage in searches.indices { encoding.indices[stage] += indices[stage] }
    }
    return encoding
  }

  private func nearest(to row: [Float], stage: Int) -> [UInt16] {
    let length = searches[stage].length
    let padding = [Float](repeating: 0, count: expansion.blockCount(stage: stage) * length - row.count)
    return searches[stage].nearest(to: (row + padding).span).indices
  }

  /// The scale with the least squared error for the chosen motifs: dot(row, sum) / dot(sum, sum).
  private func fittedScale(of weights: [Float], sum: [Float], initial: Float) -> Float {
    guard rows.rowScale != nil else { return 1 }
    var product = 0.0
    var norm = 0.0
    for column in weights.indices {
      product += Double(weights[column]) * Double(sum[column])
      norm += Double(sum[column]) * Double(sum[column])
    }
    guard norm > 0 else { return initial }
    let scale = rows.stored(scale: Float(product / norm))
    return scale > 0 && scale.isFinite ? scale : initial
  }
}
