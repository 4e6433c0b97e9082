/// What a model does with its weights on samples of its inputs: statistics that weigh the errors of a fit.
///
/// Weights are named by the tensor that holds them: an alias has the statistics of its target.
public struct Calibration: Sendable, Hashable {
  /// Second moments of what a weight is multiplied by, in the columns of its matrix view: the sum of x x^T over the
  /// samples x.
  public struct InputMoments: Sendable, Hashable {
    /// How many vectors x were added; 0 for a weight that no sample reached.
    public let sampleCount: Int
    public let columns: Int
    /// The upper half of the symmetric sum in float64, row by row: row i has the columns from i on,
    /// `columns * (columns + 1) / 2` numbers in all.
    public let upperSums: Bytes

    public init(sampleCount: Int, columns: Int, upperSums: Bytes) {
      precondition(sampleCount >= 0 && columns >= 0)
      precondition(upperSums.count == Self.upperCount(columns: columns) * MemoryLayout<Double>.stride)
      self.sampleCount = sampleCount
      self.columns = columns
      self.upperSums = upperSums
    }

    /// Numbers in the upper half of `[columns, columns]`, the diagonal included.
    public static func upperCount(columns: Int) -> Int { columns * (columns + 1) / 2 }

    /// The whole sum, `[columns, columns]`. Copies.
    public var sums: [Double] {
      let upper = upperSums.span(of: Double.self)
      var sums = [Double](repeating: 0, count: columns * columns)
      var position = 0
      for row in 0..<columns {
        for column in row..<columns {
          sums[row * columns + column] = upper[position]
          sums[column * columns + row] = upper[position]
          position += 1
        }
      }
      return sums
    }

    /// The sums of squares of each column, `[columns]`.
    public var squares: [Double] {
      let upper = upperSums.span(of: Double.self)
      return (0..<columns).map {
        upper[Self.upperCount(columns: columns) - Self.upperCount(columns: columns - $0)]
      }
    }
  }

  /// Weights with the same input share moments.
  public var moments: [InputMoments] = []
  /// Positions in `moments` by the name of the weight.
  public var momentsOfTensor: [String: Int] = [:]
  /// How often each row was looked up, by the name of the table.
  public var rowCounts: [String: [Int]] = [:]
  /// What the outputs lose, 1 - mean cosine, when noise of -13 dB relative to each row is added to this weight alone.
  public var losses: [String: Double] = [:]

  public init() {}

  /// The moments of the inputs of a weight; nil if it was never multiplied by.
  public func moments(of tensor: String) -> InputMoments? {
    momentsOfTensor[tensor].map { moments[$0] }
  }
}
