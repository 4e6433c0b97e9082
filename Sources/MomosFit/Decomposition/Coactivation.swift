public import MomosKernels

/// In which samples the inputs and outputs of a matrix were active: of larger magnitude than their root mean square.
///
/// Memory: 64 bytes for each row and column and 512 samples.
public struct Coactivation: Sendable {
  public let rows: Int
  public let columns: Int
  public private(set) var sampleCount = 0
  /// Root mean squares, by row and by column.
  private let outputScales: [Float]
  private let inputScales: [Float]
  /// Of 512 samples each, one bit for a sample: by row and by column.
  private var outputBits: [[SIMD8<UInt64>]] = []
  private var inputBits: [[SIMD8<UInt64>]] = []

  /// Samples of one list of bits.
  private static let chunk = 512

  /// - Parameters:
  ///   - inputScales: `[columns]`, what a magnitude must exceed.
  ///   - outputScales: `[rows]`.
  public init(inputScales: [Float], outputScales: [Float]) {
    rows = outputScales.count
    columns = inputScales.count
    self.inputScales = inputScales
    self.outputScales = outputScales
  }

  /// Bytes that so many samples take.
  public static func byteCount(rows: Int, columns: Int, sampleCount: Int) -> Int {
    (sampleCount + chunk - 1) / chunk * (rows + columns) * MemoryLayout<SIMD8<UInt64>>.stride
  }

  /// Adds samples.
  ///
  /// - Parameters:
  ///   - inputs: `[columns, count]`.
  ///   - outputs: `[rows, count]`.
  public mutating func add(inputs: [Float], outputs: [Float], count: Int) {
    precondition(inputs.count == columns * count && outputs.count == rows * count)
    while inputBits.count * Self.chunk < sampleCount + count {
      inputBits.append([SIMD8<UInt64>](repeating: .zero, count: columns))
      outputBits.append([SIMD8<UInt64>](repeating: .zero, count: rows))
    }
    Self.set(&inputBits, inputs, scales: inputScales, from: sampleCount, count: count)
    Self.set(&outputBits, outputs, scales: outputScales, from: sampleCount, count: count)
    sampleCount += count
  }

  private static func set(
    _ bits: inout [[SIMD8<UInt64>]], _ values: [Float], scales: [Float], from start: Int, count: Int
  ) {
    for (unit, scale) in scales.enumerated() {
      for sample in 0..<count where values[unit * count + sample].magnitude > scale {
        let (list, bit) = (start + sample).quotientAndRemainder(dividingBy: chunk)
        bits[list][unit][bit / 64] |= 1 << UInt64(bit % 64)
      }
    }
  }

  /// The pairs that are active together more often than chance lets them be.
  ///
  /// - Parameter level: the probability that of all pairs which are independent any is one of the edges.
  /// - Complexity: O(rows * columns * samples / 64).
  public func graph(level: Double, pool: ThreadPool) -> CoactivationGraph {
    let test = ContingencyTest(sampleCount: sampleCount, level: level / Double(max(rows * columns, 1)))
    let inputCounts = Self.counts(inputBits, count: columns)
    let outputCounts = Self.counts(outputBits, count: rows)
    let wordsPerRow = (columns + 63) / 64
    let edges = pool.map(taskCount: rows) { row in
      var words = [[UInt64]](
        repeating: [UInt64](repeating: 0, count: wordsPerRow), count: CoactivationGraph.factors.count)
      for (column, both) in bothCounts(row: row).enumerated() {
        guard
          let significance = test.significance(
            both: both, first: outputCounts[row], second: inputCounts[column])
        else { continue }
        for (number, factor) in CoactivationGraph.factors.enumerated() where significance >= factor {
          words[number][column / 64] |= 1 << UInt64(column % 64)
        }
      }
      return words
    }
    return CoactivationGraph(
      rows: rows, columns: columns, sampleCount: sampleCount,
      edges: CoactivationGraph.factors.indices.map { factor in edges.flatMap { $0[factor] } })
  }

  /// By unit, in how many samples it was active.
  private static func counts(_ bits: [[SIMD8<UInt64>]], count: Int) -> [Int] {
    bits.reduce(into: [Int](repeating: 0, count: count)) { counts, list in
      for (unit, words) in list.enumerated() { counts[unit] += Int(words.setBitCount) }
    }
  }

  /// By column, in how many samples it was active together with a row.
  private func bothCounts(row: Int) -> [Int] {
    var counts = [UInt64](repeating: 0, count: columns)
    for (outputs, inputs) in zip(outputBits, inputBits) {
      let output = outputs[row]
      for column in counts.indices { counts[column] &+= (output & inputs[column]).setBitCount }
    }
    return counts.map { Int($0) }
  }
}

extension SIMD8<UInt64> {
  /// The number of ones, summed in bytes.
  fileprivate var setBitCount: UInt64 {
    var bits = self &- ((self &>> 1) & 0x5555_5555_5555_5555)
    bits = (bits & 0x3333_3333_3333_3333) &+ ((bits &>> 2) & 0x3333_3333_3333_3333)
    bits = (bits &+ (bits &>> 4)) & 0x0f0f_0f0f_0f0f_0f0f
    // At most 8 in a byte, 64 in those of all words together, 128 in a pair of bytes.
    let sum = bits.wrappedSum()
    let pairs = (sum & 0x00ff_00ff_00ff_00ff) &+ ((sum &>> 8) & 0x00ff_00ff_00ff_00ff)
    return (pairs &* 0x0001_0001_0001_0001) &>> 48
  }
}

/// Rows and columns of a matrix whose outputs and inputs are active together: the relation of co-occurrence.
public struct CoactivationGraph: Sendable {
  /// Rows and columns that are coupled: connected through pairs that are active together.
  public struct Part: Sendable, Hashable {
    /// Ascending.
    public let rows: [Int]
    /// Ascending.
    public let columns: [Int]
  }

  public let rows: Int
  public let columns: Int
  public let sampleCount: Int
  public let edgeCount: Int
  /// Those of at least `MatrixStructure.leastLength` rows and columns, in the order of their first rows. Pairs couple as
  /// edges, or where that makes more parts, only with twice or four times the logarithm of the probability: so weak ties drop
  /// out.
  public let parts: [Part]
  /// `[rows, ceil(columns / 64)]`, one bit for a column.
  private let edges: [UInt64]

  /// How many times the logarithm of the level that of pairs is.
  fileprivate static let factors = [1.0, 2, 4]

  /// - Parameter edges: for each factor.
  fileprivate init(rows: Int, columns: Int, sampleCount: Int, edges: [[UInt64]]) {
    self.rows = rows
    self.columns = columns
    self.sampleCount = sampleCount
    self.edges = edges[0]
    edgeCount = edges[0].reduce(0) { $0 + $1.nonzeroBitCount }
    let parts = edges.map { Self.coupled($0, rows: rows, columns: columns) }
    let most = parts.map(\.count).max()
    self.parts = parts.first { $0.count == most } ?? []
  }

  /// Whether an output and an input are active together more often than by chance.
  public func isEdge(row: Int, column: Int) -> Bool {
    edges[row * ((columns + 63) / 64) + column / 64] & (1 << UInt64(column % 64)) != 0
  }

  private static func coupled(_ edges: [UInt64], rows: Int, columns: Int) -> [Part] {
    let wordsPerRow = (columns + 63) / 64
    var sets = DisjointSets(count: rows + columns)
    for row in 0..<rows {
      for word in 0..<wordsPerRow {
        var bits = edges[row * wordsPerRow + word]
        while bits != 0 {
          sets.unite(row, rows + 64 * word + bits.trailingZeroBitCount)
          bits &= bits - 1
        }
      }
    }
    let labels = sets.labels()
    let rowsOfLabel = Dictionary(grouping: 0..<rows) { labels[$0] }
    let columnsOfLabel = Dictionary(grouping: 0..<columns) { labels[rows + $0] }
    return rowsOfLabel.compactMap { label, rows in
      guard let columns = columnsOfLabel[label], rows.count >= MatrixStructure.leastLength,
        columns.count >= MatrixStructure.leastLength
      else { return nil }
      return Part(rows: rows, columns: columns)
    }.sorted { $0.rows[0] < $1.rows[0] }
  }
}
