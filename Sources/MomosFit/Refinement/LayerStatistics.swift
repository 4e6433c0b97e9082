import MomosKernels
import MomosModel

/// What calibration tells about the inputs of one matrix, in the forms that a fit needs.
struct LayerStatistics: Sendable {
  let columnCount: Int
  /// Second moments H `[columns, columns]`, their diagonal raised by a hundredth of its mean, which is 1 before.
  let moments: [Float]
  /// The diagonal of H.
  let energy: [Double]
  let feedback: ErrorFeedback
  /// What the sums over the samples were divided by.
  let scale: Double

  /// Share of the mean of the diagonal that is added to it: inputs that samples never move, others will.
  private static let damping = 0.01

  /// nil where no sample reached the matrix, or those of its columns that count.
  ///
  /// - Parameter columns: those of a part; nil for all.
  init?(_ inputs: Calibration.InputMoments, columns: [Int]? = nil, pool: ThreadPool) throws {
    let squares = inputs.squares
    let count = columns?.count ?? inputs.columns
    let mean = (columns?.map { squares[$0] } ?? squares).reduce(0, +) / Double(max(count, 1))
    guard inputs.sampleCount > 0, mean > 0, mean.isFinite else { return nil }
    var sums = inputs.sums
    if let columns { sums = columns.flatMap { row in columns.map { sums[row * inputs.columns + $0] } } }
    scale = mean
    for position in sums.indices { sums[position] /= mean }
    columnCount = count
    feedback = try ErrorFeedback(secondMoments: sums, columns: count, damping: Self.damping, pool: pool)
    for column in 0..<count { sums[column * count + column] += Self.damping }
    moments = sums.map { Float($0) }
    energy = (0..<count).map { sums[$0 * count + $0] }
  }

  /// Rows `[rowCount, columns]` times H.
  func multiplied(_ rows: [Float], rowCount: Int, pool: ThreadPool) -> [Float] {
    var products = [Float](repeating: 0, count: rows.count)
    var target = products.mutableSpan
    FixedProduct.multiply(
      rows.span, moments.span, rows: rowCount, inner: columnCount, columns: columnCount, into: &target,
      pool: pool)
    return products
  }
}
