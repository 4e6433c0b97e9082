/// Evidence for each edge between a row and a column of a structure graph.
public struct StructureEvidence: Sendable {
  public let rows: Int
  public let columns: Int
  /// Of each edge.
  let degreesOfFreedom: Int
  /// `[rows, columns]`; infinite for what the null hypothesis excludes.
  let values: [Float]

  /// Each weight of a matrix `[rows, columns]` is an edge.
  public init(weights: [Float], rows: Int, columns: Int, test: SignificanceTest) {
    precondition(weights.count == rows * columns)
    self.rows = rows
    self.columns = columns
    degreesOfFreedom = test.degreesPerWeight
    values = weights.map { Float(test.evidence(of: $0)) }
  }

  /// The edges of a feed-forward pair, d to m d to d: the edge from j to i owns the weights from input j to the hidden
  /// channels m i ..< m (i + 1), and those from the hidden channels m j ..< m (j + 1) to output i.
  ///
  /// - Parameters:
  ///   - first: `[m d, d]`, hidden channels by inputs.
  ///   - second: `[d, m d]`, outputs by hidden channels.
  ///   - tests: of the first and of the second matrix, whose distributions have one form.
  public init(
    first: [Float], second: [Float], width: Int, multiple: Int, tests: (SignificanceTest, SignificanceTest)
  ) {
    let hidden = width * multiple
    precondition(first.count == hidden * width && second.count == hidden * width)
    precondition(tests.0.degreesPerWeight == tests.1.degreesPerWeight)
    rows = width
    columns = width
    degreesOfFreedom = 2 * multiple * tests.0.degreesPerWeight
    var values: [Float] = []
    values.reserveCapacity(width * width)
    for row in 0..<width {
      for column in 0..<width {
        var sum = 0.0
        for channel in 0..<multiple {
          sum += tests.0.evidence(of: first[(row * multiple + channel) * width + column])
          sum += tests.1.evidence(of: second[row * hidden + column * multiple + channel])
        }
        values.append(Float(sum))
      }
    }
    self.values = values
  }

  /// The evidence that an edge without meaning reaches with the probability `level`.
  func threshold(level: Double) -> Float {
    Float(ChiSquare(degreesOfFreedom: degreesOfFreedom).quantile(upperTail: level))
  }

  /// Edges that are significant when the probability that of all edges without meaning any is may be `level`, row by
  /// row.
  func edges(level: Double) -> [(row: Int, column: Int)] {
    let least = threshold(level: level / Double(max(rows * columns, 1)))
    return values.indices.filter { values[$0] >= least }.map { ($0 / columns, $0 % columns) }
  }

  /// The probability that edges between these rows and columns, if they have no meaning, give as much evidence.
  func probability(rows: [Int], columns: [Int]) -> Double {
    guard !rows.isEmpty, !columns.isEmpty else { return 1 }
    let sum = rows.reduce(0.0) { sum, row in
      columns.reduce(sum) { $0 + Double(values[row * self.columns + $1]) }
    }
    return ChiSquare(degreesOfFreedom: rows.count * columns.count * degreesOfFreedom).upperTail(sum)
  }

  /// The strongly connected components of square evidence, an edge leading from its column to its row.
  ///
  /// - Parameter level: the probability that of all edges without meaning any counts as one.
  public func stronglyConnectedComponents(level: Double) -> StronglyConnectedComponents {
    precondition(rows == columns)
    let least = threshold(level: level / Double(max(rows * columns, 1)))
    return StronglyConnectedComponents(
      successors: (0..<columns).map { column in
        (0..<rows).filter { values[$0 * columns + column] >= least }
      })
  }
}
