import MomosKernels
import MomosModel

/// A part whose encoding is refined together with the dictionary that it shares.
struct RefinementMember: Sendable {
  let rows: PartRows
  let statistics: LayerStatistics
  /// What an error of the part costs: the weight of its |error H^(1/2)|^2 among all parts.
  let importance: Double
  var encoding: PartEncoding

  /// Rows whose products with the moments are held at the same time, and rows of one task.
  private static let pieceRowCount = 2048
  private static let chunkRowCount = 128

  /// Makes a row of numbers for every row of the part, multiplies them by the moments, and hands them back in chunks,
  /// which are worked on by all threads and come back in order.
  ///
  /// - Parameters:
  ///   - make: a row `[columns]` for a row of the part.
  ///   - use: what a chunk of rows, the numbers made for them and their products give.
  func multiplied<Result: Sendable>(
    pool: ThreadPool, make: @Sendable (Int) -> [Float],
    use: @Sendable (Range<Int>, ArraySlice<Float>, ArraySlice<Float>) -> Result
  ) -> [Result] {
    var results: [Result] = []
    for start in stride(from: 0, to: rows.count, by: Self.pieceRowCount) {
      let piece = start..<min(start + Self.pieceRowCount, rows.count)
      let chunks = stride(from: piece.lowerBound, to: piece.upperBound, by: Self.chunkRowCount).map {
        $0..<min($0 + Self.chunkRowCount, piece.upperBound)
      }
      let made = pool.map(taskCount: chunks.count) { chunks[$0].flatMap { make($0) } }.flatMap { $0 }
      let products = statistics.multiplied(made, rowCount: piece.count, pool: pool)
      results += pool.map(taskCount: chunks.count) { number in
        let first = (chunks[number].lowerBound - start) * rows.columnCount
        let range = first..<first + chunks[number].count * rows.columnCount
        return use(chunks[number], made[range], products[range])
      }
    }
    return results
  }
}
