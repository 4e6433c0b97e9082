/// The normal equations of the halves of overlapping motifs, given the motif of every block: block t of a row is to be
/// first(i[t]) + second(i[t - 1]).
///
/// All offsets of a block have the same matrix, so each is a system of its own in 2 * motifCount unknowns.
struct HalfEquations {
  /// Stored motifs.
  private let motifCount: Int
  private let length: Int
  /// How often each half was used.
  private(set) var firstCounts: [Double]
  private var secondCounts: [Double]
  /// `[first, second]`, signs of antipodal motifs multiplied.
  private var meetings: [Double]
  /// Sums of the blocks of each half, `[motifCount, length]`.
  private var firstSums: [Double]
  private var secondSums: [Double]

  /// Weight of the current motifs in the solution, as a share of the mean count.
  private static let ridge = 1e-3
  private static let mostSteps = 40

  init(motifCount: Int, length: Int) {
    self.motifCount = motifCount
    self.length = length
    firstCounts = [Double](repeating: 0, count: motifCount)
    secondCounts = firstCounts
    meetings = [Double](repeating: 0, count: motifCount * motifCount)
    firstSums = [Double](repeating: 0, count: motifCount * length)
    secondSums = firstSums
  }

  /// Adds the whole blocks of rows with the motif of every block, `[rows, blocks]`.
  mutating func add(_ rows: RowSample.Group, indices: [UInt16], signs: MotifSigns) {
    let blockCount = (rows.columnCount + length - 1) / length
    let wholeCount = rows.columnCount / length
    for row in 0..<rows.weights.count / max(rows.columnCount, 1) {
      var previous: (motif: Int, sign: Double)?
      for block in 0..<wholeCount {
        let found = signs.stored(indices[row * blockCount + block])
        let (motif, sign) = (found.motif, Double(found.sign))
        let start = row * rows.columnCount + block * length
        firstCounts[motif] += 1
        for offset in 0..<length {
          firstSums[motif * length + offset] += sign * Double(rows.weights[start + offset])
        }
        if let previous {
          secondCounts[previous.motif] += 1
          meetings[motif * motifCount + previous.motif] += sign * previous.sign
          for offset in 0..<length {
            secondSums[previous.motif * length + offset] +=
              previous.sign * Double(rows.weights[start + offset])
          }
        }
        previous = (motif, sign)
      }
    }
  }

  /// Moves the motifs `[motifCount, 2 * length]` to the solution, by conjugate gradients.
  func solve(_ motifs: inout [Float], pinsZeroMotif: Bool) {
    let ridge = Self.ridge * max(1, firstCounts.reduce(0, +) / Double(max(motifCount, 1)))
    for offset in 0..<length {
      let current = (0..<2 * motifCount).map { half in
        Double(motifs[half % motifCount * 2 * length + (half < motifCount ? offset : length + offset)])
      }
      var residual = products(with: current, ridge: 0)
      for motif in 0..<motifCount {
        residual[motif] = firstSums[motif * length + offset] - residual[motif]
        residual[motifCount + motif] = secondSums[motif * length + offset] - residual[motifCount + motif]
      }
      let change = solution(of: residual, ridge: ridge, pinsZeroMotif: pinsZeroMotif)
      for half in 0..<2 * motifCount {
        let position = half % motifCount * 2 * length + (half < motifCount ? offset : length + offset)
        motifs[position] = Float(current[half] + change[half])
      }
    }
  }

  /// (N + ridge) v.
  private func products(with values: [Double], ridge: Double) -> [Double] {
    var products = [Double](repeating: 0, count: 2 * motifCount)
    for first in 0..<motifCount {
      var sum = (firstCounts[first] + ridge) * values[first]
      for second in 0..<motifCount {
        let meeting = meetings[first * motifCount + second]
        sum += meeting * values[motifCount + second]
        products[motifCount + second] += meeting * values[first]
      }
      products[first] += sum
    }
    for second in 0..<motifCount {
      products[motifCount + second] += (secondCounts[second] + ridge) * values[motifCount + second]
    }
    return products
  }

  /// x with (N + ridge) x = right side; the halves of motif 0 stay 0 where they are pinned.
  private func solution(of rightSide: [Double], ridge: Double, pinsZeroMotif: Bool) -> [Double] {
    func free(_ values: [Double]) -> [Double] {
      var values = values
      if pinsZeroMotif { (values[0], values[motifCount]) = (0, 0) }
      return values
    }
    let solver = ConjugateGradient(
      diagonal: (firstCounts + secondCounts).map { $0 + ridge }, stepCount: Self.mostSteps, tolerance: 1e-12)
    return solver.solution(of: free(rightSide)) { free(products(with: $0, ridge: ridge)) }
  }
}
