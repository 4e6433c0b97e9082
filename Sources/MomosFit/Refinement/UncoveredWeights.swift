import MomosKernels
import MomosModel

/// Weights of a part's rows that no part covers, so that they become zero.
struct UncoveredWeights {
  /// Their columns, ascending.
  let columns: [Int]

  /// - Parameters:
  ///   - parts: of the matrix; those that have rows in common have the same ones.
  init(of part: PartPlan, among parts: [PartPlan], columnCount: Int) {
    var isCovered = [Bool](repeating: false, count: columnCount)
    for other in parts where other.rows == part.rows {
      for column in other.columns ?? Array(0..<columnCount) { isCovered[column] = true }
    }
    columns = isCovered.indices.filter { !isCovered[$0] }
  }

  /// What makes good for them, to be added to the weights of the part `[rows, columns]`: with the second moments H of the
  /// inputs of these columns u and of those of the part c, the outputs lose least for w[u] H[u, c] H[c, c]^-1.
  ///
  /// - Returns: nil if all weights are covered.
  func shift(
    of rows: PartRows, _ inputs: Calibration.InputMoments, _ statistics: LayerStatistics, pool: ThreadPool
  ) -> [Float]? {
    guard !columns.isEmpty else { return nil }
    let (whole, count) = (inputs.columns, statistics.columnCount)
    let own = rows.columns ?? Array(0..<whole)
    let sums = inputs.sums
    let across = columns.flatMap { left in own.map { Float(sums[left * whole + $0] / statistics.scale) } }
    let weights = (0..<rows.count).flatMap { position in
      let row = rows.matrixRow(position)
      let weights = rows.matrix.floats(in: row * whole..<(row + 1) * whole)
      return columns.map { weights[$0] }
    }
    // H[c, c]^-1 = U' U.
    let factor = statistics.feedback.factor
    var transposed = factor
    for row in 0..<count {
      for column in 0..<count { transposed[column * count + row] = factor[row * count + column] }
    }
    var product = weights
    for (matrix, inner) in [(across, columns.count), (transposed, count), (factor, count)] {
      var next = [Float](repeating: 0, count: rows.count * count)
      var target = next.mutableSpan
      FixedProduct.multiply(
        product.span, matrix.span, rows: rows.count, inner: inner, columns: count, into: &target, pool: pool)
      product = next
    }
    return product
  }
}
