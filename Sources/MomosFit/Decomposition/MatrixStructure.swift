import MomosModel

/// Rows and columns of a matrix that training connected to each other and to no others.
public struct StructurePart: Sendable, Hashable {
  /// Ascending.
  public let rows: [Int]
  /// Ascending.
  public let columns: [Int]
  /// The probability that weights without meaning give as much evidence as those between `rows` and `columns`.
  public let probability: Double
}

/// The disjoint parts of a matrix, found in the bipartite graph of its rows and columns.
///
/// With the probability 1 - `level` at least, weights that training left alone connect nothing:
/// - an edge is a weight that is significant at level / 2 / (number of edges); connected components of at least
///   `leastLength` rows and columns are the candidates for parts;
/// - a row or column outside of them joins the one that its weights speak for most, if they are significant together at
///   level / 4 / (number of such tests);
/// - two candidates are one if the weights across them are significant together at level / 4 / (number of pairs).
///
/// Where that makes one part of all, edges need twice and then four times the evidence, so that weak bridges drop out: a few
/// weights that are just significant connect no candidates whose other weights across say nothing.
public struct MatrixStructure: Sendable, Hashable {
  /// In the order of their first rows; none if no structure was found.
  public let parts: [StructurePart]
  /// Edges between rows and columns that are not in one part: weak bridges among them.
  public let strayEdgeCount: Int

  /// Fewer rows or columns that are connected to each other are no structure.
  public static let leastLength = 8

  /// - Parameters:
  ///   - level: the family-wise level, above 0 and below 1.
  ///   - leastLength: of the rows and of the columns of a part.
  public init(of evidence: StructureEvidence, level: Double, leastLength: Int = Self.leastLength) {
    precondition(level > 0 && level < 1)
    let edgeCount = evidence.rows * evidence.columns
    guard edgeCount > 0 else {
      parts = []
      strayEdgeCount = 0
      return
    }
    let threshold = evidence.threshold(level: Self.edgeLevel(level) / Double(edgeCount))
    func search(_ factor: Float) -> PartSearch {
      var search = PartSearch(evidence, edgeThreshold: factor * threshold, leastLength: leastLength)
      search.attachOthers(level: level / 4)
      search.mergeConnected(level: level / 4)
      return search
    }
    var found = search(1)
    if found.count == 1 { found = Self.bridgeFactors.lazy.map(search).first { $0.count > 1 } ?? found }
    parts = found.parts()
    strayEdgeCount = found.strayEdgeCount(threshold: threshold)
  }

  /// The family-wise level of edges.
  static func edgeLevel(_ level: Double) -> Double { level / 2 }

  /// How much more evidence edges may need than one that is significant: 4 times that of normal weights is twice the
  /// magnitude.
  private static let bridgeFactors: [Float] = [2, 4]

  private init(parts: [StructurePart], strayEdgeCount: Int) {
    self.parts = parts
    self.strayEdgeCount = strayEdgeCount
  }

  /// The structure of a matrix that has so many rows for each row of this one, and so many columns for each column, those
  /// of one behind each other: what the channels of a feed-forward pair have from its states.
  public func expanded(rows rowMultiple: Int, columns columnMultiple: Int) -> MatrixStructure {
    func expanded(_ numbers: [Int], _ multiple: Int) -> [Int] {
      numbers.flatMap { $0 * multiple..<($0 + 1) * multiple }
    }
    return MatrixStructure(
      parts: parts.map {
        StructurePart(
          rows: expanded($0.rows, rowMultiple), columns: expanded($0.columns, columnMultiple),
          probability: $0.probability)
      }, strayEdgeCount: strayEdgeCount)
  }

  /// The structure with parts as one that edges connect.
  ///
  /// - Parameters:
  ///   - edges: those that do not lie between two parts are passed over.
  ///   - evidence: of the matrix whose parts these are.
  func joined(by edges: [(row: Int, column: Int)], evidence: StructureEvidence) -> MatrixStructure {
    var sets = DisjointSets(count: parts.count)
    for edge in partsBetween(edges, evidence) { sets.unite(edge.ofRow, edge.ofColumn) }
    let groups = Dictionary(grouping: zip(sets.labels(), parts), by: \.0)
    let joined = groups.inKeyOrder.map { _, group in
      guard group.count > 1 else { return group[0].1 }
      let (rows, columns) = (group.flatMap(\.1.rows).sorted(), group.flatMap(\.1.columns).sorted())
      return StructurePart(
        rows: rows, columns: columns, probability: evidence.probability(rows: rows, columns: columns))
    }
    return MatrixStructure(parts: joined, strayEdgeCount: strayEdgeCount)
  }

  /// The parts of the rows and columns of edges that lie between two.
  func partsBetween(
    _ edges: [(row: Int, column: Int)], _ evidence: StructureEvidence
  ) -> [(edge: (row: Int, column: Int), ofRow: Int, ofColumn: Int)] {
    var partOfRow = [Int](repeating: -1, count: evidence.rows)
    var partOfColumn = [Int](repeating: -1, count: evidence.columns)
    for (number, part) in parts.enumerated() {
      for row in part.rows { partOfRow[row] = number }
      for column in part.columns { partOfColumn[column] = number }
    }
    return edges.compactMap { edge in
      let (ofRow, ofColumn) = (partOfRow[edge.row], partOfColumn[edge.column])
      return ofRow >= 0 && ofColumn >= 0 && ofRow != ofColumn ? (edge, ofRow, ofColumn) : nil
    }
  }

  /// Whether the matrix falls apart.
  public var isDecomposed: Bool { parts.count > 1 }
}

/// Candidates for parts while they grow and merge.
private struct PartSearch {
  private let evidence: StructureEvidence
  /// The candidate of each row and column; -1 for none.
  private var partOfRow: [Int]
  private var partOfColumn: [Int]
  private(set) var count: Int

  init(_ evidence: StructureEvidence, edgeThreshold: Float, leastLength: Int) {
    self.evidence = evidence
    let (rows, columns) = (evidence.rows, evidence.columns)
    var sets = DisjointSets(count: rows + columns)
    for row in 0..<rows {
      for column in 0..<columns where evidence.values[row * columns + column] >= edgeThreshold {
        sets.unite(row, rows + column)
      }
    }
    let labels = sets.labels()
    let rowCounts = Self.counts(labels[..<rows], labelCount: rows + columns)
    let columnCounts = Self.counts(labels[rows...], labelCount: rows + columns)
    let candidates = rowCounts.indices.filter {
      rowCounts[$0] >= leastLength && columnCounts[$0] >= leastLength
    }
    var numbers = [Int](repeating: -1, count: rows + columns)
    for (number, label) in candidates.enumerated() { numbers[label] = number }
    count = candidates.count
    partOfRow = labels[..<rows].map { numbers[$0] }
    partOfColumn = labels[rows...].map { numbers[$0] }
  }

  private static func counts(_ labels: ArraySlice<Int>, labelCount: Int) -> [Int] {
    var counts = [Int](repeating: 0, count: labelCount)
    for label in labels { counts[label] += 1 }
    return counts
  }

  /// The probability of evidence that adds up over edges without meaning.
  private func probability(_ sum: Double, edgeCount: Int) -> Double {
    guard edgeCount > 0 else { return 1 }
    return ChiSquare(degreesOfFreedom: edgeCount * evidence.degreesOfFreedom).upperTail(sum)
  }

  // MARK: Rows and columns without edges

  mutating func attachOthers(level: Double) {
    let rows = partOfRow.indices.filter { partOfRow[$0] < 0 }
    let columns = partOfColumn.indices.filter { partOfColumn[$0] < 0 }
    let testCount = count * (rows.count + columns.count)
    guard testCount > 0 else { return }
    let testLevel = level / Double(testCount)
    let rowParts = rows.map { row in
      likeliestPart(level: testLevel, partOfColumn) { evidence.values[row * evidence.columns + $0] }
    }
    let columnParts = columns.map { column in
      likeliestPart(level: testLevel, partOfRow) { evidence.values[$0 * evidence.columns + column] }
    }
    for (row, part) in zip(rows, rowParts) { partOfRow[row] = part }
    for (column, part) in zip(columns, columnParts) { partOfColumn[column] = part }
  }

  /// The part whose edges to a row or column are the least likely without meaning; -1 if none is significant.
  private func likeliestPart(level: Double, _ partOfEdge: [Int], _ value: (Int) -> Float) -> Int {
    var sums = [Double](repeating: 0, count: count)
    var edgeCounts = [Int](repeating: 0, count: count)
    for (edge, part) in partOfEdge.enumerated() where part >= 0 {
      sums[part] += Double(value(edge))
      edgeCounts[part] += 1
    }
    var (best, bestProbability) = (-1, level)
    for part in 0..<count {
      let probability = probability(sums[part], edgeCount: edgeCounts[part])
      if probability < bestProbability { (best, bestProbability) = (part, probability) }
    }
    return best
  }

  // MARK: Parts that belong together

  mutating func mergeConnected(level: Double) {
    guard count > 1 else { return }
    let sums = blockSums()
    let (rowCounts, columnCounts) = lengths()
    let pairLevel = level / Double(count * (count - 1) / 2)
    var sets = DisjointSets(count: count)
    for first in 0..<count {
      for second in first + 1..<count {
        let sum = sums[first * count + second] + sums[second * count + first]
        let edgeCount =
          rowCounts[first] * columnCounts[second] + rowCounts[second] * columnCounts[first]
        if probability(sum, edgeCount: edgeCount) < pairLevel { sets.unite(first, second) }
      }
    }
    let labels = sets.labels()
    count = (labels.max() ?? -1) + 1
    partOfRow = partOfRow.map { $0 < 0 ? -1 : labels[$0] }
    partOfColumn = partOfColumn.map { $0 < 0 ? -1 : labels[$0] }
  }

  /// `[count, count]`: the evidence between the rows of one part and the columns of another.
  private func blockSums() -> [Double] {
    var sums = [Double](repeating: 0, count: count * count)
    for (row, part) in partOfRow.enumerated() where part >= 0 {
      for (column, other) in partOfColumn.enumerated() where other >= 0 {
        sums[part * count + other] += Double(evidence.values[row * evidence.columns + column])
      }
    }
    return sums
  }

  private func lengths() -> (rows: [Int], columns: [Int]) {
    var rows = [Int](repeating: 0, count: count)
    var columns = rows
    for part in partOfRow where part >= 0 { rows[part] += 1 }
    for part in partOfColumn where part >= 0 { columns[part] += 1 }
    return (rows, columns)
  }

  // MARK: Results

  func parts() -> [StructurePart] {
    let sums = blockSums()
    return (0..<count).map { part in
      let rows = partOfRow.indices.filter { partOfRow[$0] == part }
      let columns = partOfColumn.indices.filter { partOfColumn[$0] == part }
      return StructurePart(
        rows: rows, columns: columns,
        probability: probability(sums[part * count + part], edgeCount: rows.count * columns.count))
    }
  }

  func strayEdgeCount(threshold: Float) -> Int {
    var strays = 0
    for (row, part) in partOfRow.enumerated() {
      for (column, other) in partOfColumn.enumerated() where part < 0 || part != other {
        if evidence.values[row * evidence.columns + column] >= threshold { strays += 1 }
      }
    }
    return strays
  }
}
