import Glibc
import MomosKernels
import MomosModel

/// Gives every block of a part its motif of each stage, and every row the scale that fits its motifs best.
struct PartEncoder: Sendable {
  private let rows: PartRows
  private let dictionaries: [MotifDictionary]
  private let expansion: MotifExpansion
  private let searches: [PathSearch]

  /// - Parameters:
  ///   - feedback: lets later weights of a row make good for the errors of earlier ones; of single stages that a
  ///     path search takes.
  ///   - survivorCount: paths that a search with feedback follows.
  init(
    rows: PartRows, dictionaries: [MotifDictionary], feedback: ErrorFeedback? = nil, survivorCount: Int = 32
  ) {
    self.rows = rows
    self.dictionaries = dictionaries
    expansion = MotifExpansion(dictionaries, columnCount: rows.columnCount)
    searches = dictionaries.map { dictionary in
      let takesFeedback =
        dictionaries.count == 1
        && PathSearch.suits(motifCount: dictionary.motifCount, blockLength: dictionary.blockLength)
      return PathSearch(
        // Antipodal dictionaries have as many motifs as table entries.
        motifs: Array(dictionary.tableFloats().prefix(dictionary.motifCount * dictionary.motifLength)),
        motifCount: dictionary.motifCount, blockLength: dictionary.blockLength,
        isOverlapping: dictionary.isOverlapping, columns: rows.columnCount,
        feedback: takesFeedback ? feedback : nil,
        survivorCount: min(survivorCount, dictionary.motifCount), lookahead: Self.lookahead(dictionary))
    }
  }

  /// Weight of the next target in the choice of survivors: about the relative distortion of the dictionary, .08 at 2
  /// bits a weight and .006 at 4.
  private static func lookahead(_ dictionary: MotifDictionary) -> Float {
    let bits = log2(Double(dictionary.motifCount)) / Double(dictionary.blockLength)
    return Float(pow(10, 0.03 - 0.56 * bits))
  }

  /// Rows are spread over the threads in pieces whose size does not depend on their number.
  /// - Parameter scales: what rows are divided by; nil for their root mean squares, and to fit scales afterwards.
  func encode(scales: [Float]? = nil, pool: ThreadPool) -> PartEncoding {
    var whole = PartEncoding(indices: searches.map { _ in [] }, scales: scales ?? [])
    for stage in searches.indices {
      whole.indices[stage].reserveCapacity(rows.count * expansion.blockCount(stage: stage))
    }
    let piece = max(1, (1 << 22) / max(1, rows.columnCount))
    for start in stride(from: 0, to: rows.count, by: piece) {
      let range = start..<min(start + piece, rows.count)
      let encoded = encode(rows: range, scales: scales, pool: pool)
      for stage in searches.indices { whole.indices[stage] += encoded.indices[stage] }
      if scales == nil { whole.scales += encoded.scales }
    }
    return whole
  }

  private func encode(rows range: Range<Int>, scales: [Float]?, pool: ThreadPool) -> PartEncoding {
    let weights = range.map { rows.weights($0) }
    let divisors = zip(range, weights).map { row, weights in scales?[row] ?? rows.initialScale(of: weights) }
    let targets = zip(weights, divisors).flatMap { weights, divisor in weights.map { $0 / divisor } }
    var encoding = PartEncoding(indices: [], scales: divisors)
    var residual = targets
    for (stage, search) in searches.enumerated() {
      encoding.indices.append(search.encode(residual, pool: pool))
      guard stage + 1 < searches.count else { break }
      for row in weights.indices {
        let sum = expansion.row(row, of: encoding.indices)
        for column in sum.indices {
          let position = row * rows.columnCount + column
          residual[position] = targets[position] - sum[column]
        }
      }
    }
    if scales == nil, rows.rowScale != nil {
      for (row, weights) in weights.enumerated() {
        let sum = expansion.row(row, of: encoding.indices)
        encoding.scales[row] = fittedScale(of: weights, sum: sum, initial: divisors[row])
      }
    }
    return encoding
  }

  /// The scale with the least squared error for the chosen motifs: dot(row, sum) / dot(sum, sum).
  private func fittedScale(of weights: [Float], sum: [Float], initial: Float) -> Float {
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
