/// How the error of one weight is made good by the weights after it, for inputs of known second moments H.
///
/// A row of weights with errors e costs e H e'. With U upper triangular and H^-1 = U' U that is the sum over columns of
/// the squares of e U^-1: so weights are decided from left to right, and deciding those of a block B with error e moves
/// the later ones, w[rest] -= e T U[B, rest] with T = U[B, B]^-1, at the cost |e T|^2.
/// Source: Frantar et al., "GPTQ" (arXiv 2210.17323).
public struct ErrorFeedback: Sendable {
  public let columns: Int
  /// U `[columns, columns]`, zero below the diagonal.
  public let factor: [Float]
  /// The share of the cost that is left when the later weights make good for each one as well as they can: the sum of
  /// U[j, j]^-2 over the sum of H[j, j]. Above 0, at most 1; 1 where inputs are not correlated.
  public let efficiency: Double

  /// - Parameters:
  ///   - secondMoments: H `[columns, columns]`, symmetric and positive semidefinite; what lies below the diagonal is
  ///     not read.
  ///   - damping: this share of the mean of H's diagonal is added to the diagonal, so that inputs that are always zero
  ///     or copies of others do no harm. Where the diagonal is all zeros, 1 is.
  /// - Throws: `ErrorFeedbackError` if H is not finite, or not positive definite even so.
  /// - Complexity: O(columns^3); besides the result 16 bytes for each element of H.
  public init(
    secondMoments: [Double], columns: Int, damping: Double = 0.01, pool: ThreadPool
  ) throws(ErrorFeedbackError) {
    precondition(columns > 0 && secondMoments.count == columns * columns && damping >= 0)
    var trace = 0.0
    for column in 0..<columns { trace += secondMoments[column * columns + column] }
    guard trace.isFinite else { throw .notFinite }
    let added = trace > 0 ? damping * trace / Double(columns) : 1
    // H = R R' with R upper triangular gives U = R^-1, and R is the lower factor of H with both axes reversed.
    var reversed = [Double](repeating: 0, count: columns * columns)
    for row in 0..<columns {
      let source = (columns - row) * columns - 1
      for column in 0...row { reversed[row * columns + column] = secondMoments[source - column] }
      reversed[row * columns + row] += added
    }
    let triangle: TriangularFactor
    do {
      triangle = try TriangularFactor(factoring: reversed, order: columns, pool: pool)
    } catch {
      throw .notPositiveDefinite(column: columns - 1 - error.column)
    }
    self.columns = columns
    factor = triangle.reversedInverse(pool: pool)
    var squares = 0.0
    for column in 0..<columns {
      let pivot = triangle.lower[column * columns + column]
      squares += pivot * pivot
    }
    efficiency = squares / (trace + added * Double(columns))
  }

  /// T of each block, `[blocks, blockLength, blockLength]`; rows and columns of the last one beyond the matrix are
  /// zero.
  func inverses(blockLength: Int) -> [Float] {
    let blocks = (columns + blockLength - 1) / blockLength
    var inverses = [Float](repeating: 0, count: blocks * blockLength * blockLength)
    for block in 0..<blocks {
      let start = block * blockLength
      let width = min(blockLength, columns - start)
      // Column by column from the diagonal up, in float64.
      var inverse = [Double](repeating: 0, count: width * width)
      for column in 0..<width {
        for row in stride(from: column, through: 0, by: -1) {
          var sum = row == column ? 1.0 : 0.0
          for inner in row + 1..<max(column + 1, row + 1) {
            sum -= Double(factor[(start + row) * columns + start + inner]) * inverse[inner * width + column]
          }
          inverse[row * width + column] = sum / Double(factor[(start + row) * (columns + 1)])
          inverses[(start + row) * blockLength + column] = Float(inverse[row * width + column])
        }
      }
    }
    return inverses
  }
}

/// Why second moments give no feedback.
public enum ErrorFeedbackError: Error, Hashable, CustomStringConvertible {
  case notFinite
  case notPositiveDefinite(column: Int)

  public var description: String {
    switch self {
    case .notFinite: "the second moments of the inputs are not finite"
    case .notPositiveDefinite(let column):
      "the second moments of the inputs are not those of any inputs: expected a positive definite matrix, found a "
        + "pivot that is not positive in column \(column)"
    }
  }
}
