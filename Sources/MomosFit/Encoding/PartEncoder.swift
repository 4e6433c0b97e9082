import Glibc
import MomosKernels
import MomosModel

/// Gives every block of a part its motif of each stage, and every row the scale that fits its motifs best.
struct PartEncoder: Sendable {
  private let rows: PartRows
  private let dictionaries: [MotifDictionary]
  private let expansion: MotifExpansion
  private let search: Search
  private let hasFeedback: Bool

  private enum Search: Sendable {
    case path(PathSearch)
    /// Two stages together.
    case stages(StageSearch)
    /// Each stage by itself, on what the earlier ones leave; the last one makes good for the errors of all.
    case residual([PathSearch])
  }

  /// - Parameters:
  ///   - feedback: lets later weights of a row make good for the errors of earlier ones; of forms that
  ///     `takesFeedback` names.
  ///   - survivorCount: paths that a search with feedback follows.
  init(
    rows: PartRows, dictionaries: [MotifDictionary], feedback: ErrorFeedback? = nil, survivorCount: Int = 32
  ) {
    self.rows = rows
    self.dictionaries = dictionaries
    hasFeedback = feedback != nil
    expansion = MotifExpansion(dictionaries, columnCount: rows.columnCount)
    if let pair = Self.pair(dictionaries) {
      search = .stages(
        StageSearch(
          Self.stageMotifs(pair.0), Self.stageMotifs(pair.1), columns: rows.columnCount, feedback: feedback))
      return
    }
    let takesFeedback = Self.takesFeedback(dictionaries)
    let paths = dictionaries.enumerated().map { number, dictionary in
      PathSearch(
        motifs: Self.motifs(dictionary), motifCount: dictionary.motifCount,
        blockLength: dictionary.blockLength, isOverlapping: dictionary.isOverlapping,
        columns: rows.columnCount,
        feedback: takesFeedback && number == dictionaries.count - 1 ? feedback : nil,
        survivorCount: min(survivorCount, dictionary.motifCount), lookahead: Self.lookahead(dictionary))
    }
    search = paths.count == 1 ? .path(paths[0]) : .residual(paths)
  }

  /// Whether the errors of such stages can be made good by later weights: two that are searched together, or a last
  /// one that a path search takes.
  static func takesFeedback(_ dictionaries: [MotifDictionary]) -> Bool {
    if pair(dictionaries) != nil { return true }
    guard let last = dictionaries.last else { return false }
    return PathSearch.suits(motifCount: last.motifCount, blockLength: last.blockLength)
  }

  /// The same for a part of a plan: blocks that stay zero are known to single stages alone.
  static func takesFeedback(_ part: PartPlan, _ dictionaries: [MotifDictionary]) -> Bool {
    takesFeedback(dictionaries) && (part.annealing == nil || dictionaries.count == 1)
  }

  /// Two dictionaries that are searched together.
  private static func pair(_ dictionaries: [MotifDictionary]) -> (MotifDictionary, MotifDictionary)? {
    guard dictionaries.count == 2, !dictionaries.contains(where: \.isOverlapping) else { return nil }
    let lengths = dictionaries.map(\.blockLength).sorted()
    guard lengths[1] % lengths[0] == 0, lengths[1] <= StageSearch.mostBlockLength else { return nil }
    return (dictionaries[0], dictionaries[1])
  }

  private static func stageMotifs(_ dictionary: MotifDictionary) -> StageSearch.Motifs {
    StageSearch.Motifs(motifs(dictionary), count: dictionary.motifCount, blockLength: dictionary.blockLength)
  }

  /// Motifs by index. Antipodal dictionaries have as many motifs as table entries.
  private static func motifs(_ dictionary: MotifDictionary) -> [Float] {
    Array(dictionary.tableFloats().prefix(dictionary.motifCount * dictionary.motifLength))
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
    var whole = PartEncoding(indices: dictionaries.map { _ in [] }, scales: scales ?? [])
    for stage in dictionaries.indices {
      whole.indices[stage].reserveCapacity(rows.count * expansion.blockCount(stage: stage))
    }
    let piece = max(1, (1 << 22) / max(1, rows.columnCount))
    for start in stride(from: 0, to: rows.count, by: piece) {
      let range = start..<min(start + piece, rows.count)
      let encoded = encode(rows: range, scales: scales, pool: pool)
      for stage in dictionaries.indices { whole.indices[stage] += encoded.indices[stage] }
      if scales == nil { whole.scales += encoded.scales }
    }
    return whole
  }

  private func encode(rows range: Range<Int>, scales: [Float]?, pool: ThreadPool) -> PartEncoding {
    let weights = range.map { rows.weights($0) }
    let divisors = zip(range, weights).map { row, weights in scales?[row] ?? rows.initialScale(of: weights) }
    let aims = hasFeedback ? range.map { rows.targets($0) } : weights
    let targets = zip(aims, divisors).flatMap { aims, divisor in aims.map { $0 / divisor } }
    let zeros = hasFeedback && rows.annealing != nil ? range.flatMap { rows.zeros($0) } : nil
    var encoding = PartEncoding(indices: [], scales: divisors)
    encoding.indices = indices(of: targets, zeros: zeros, pool: pool)
    if scales == nil, rows.rowScale != nil {
      for (row, weights) in weights.enumerated() {
        let sum = expansion.row(row, of: encoding.indices)
        encoding.scales[row] = fittedScale(of: weights, sum: sum, initial: divisors[row])
      }
    }
    return encoding
  }

  /// Motif indices of each stage for rows of targets.
  ///
  /// - Parameter zeros: 1 for blocks that stay zero, of a single stage; nil for none.
  private func indices(of targets: [Float], zeros: [UInt8]?, pool: ThreadPool) -> [[UInt16]] {
    switch search {
    case .path(let search): return [search.encode(targets, zeros: zeros, pool: pool)]
    case .stages(let search):
      let found = search.encode(targets, pool: pool)
      return [found.first, found.second]
    case .residual(let searches):
      var indices: [[UInt16]] = []
      var residual = targets
      for search in searches {
        indices.append(search.encode(residual, pool: pool))
        for row in 0..<targets.count / max(rows.columnCount, 1) {
          let sum = expansion.row(row, of: indices)
          for column in sum.indices {
            let position = row * rows.columnCount + column
            residual[position] = targets[position] - sum[column]
          }
        }
      }
      return indices
    }
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
