import MomosKernels
import MomosModel

/// Moves the motifs of a dictionary to where the outputs of all parts that use it are closest, their indices and scales
/// given: the least of sum over parts of importance * sum over rows of e H e^T, by conjugate gradients.
struct DictionaryRefinement {
  let form: FitClass.StageForm
  let pinsZeroMotif: Bool
  let pool: ThreadPool
  /// Steps of conjugate gradients; each takes one product of every part with its moments.
  var stepCount = 8

  /// Weight of the current motifs, as a share of the curvature.
  private static let ridge = 1e-3

  private var motifLength: Int { form.motifLength }
  private var halfCount: Int { form.isOverlapping ? 2 : 1 }

  /// - Parameter motifs: stored motifs `[storedMotifCount, motifLength]`.
  func refine(_ motifs: inout [Float], for members: [RefinementMember]) {
    var residual = gradient(at: motifs, members: members)
    let diagonal = curvature(of: members)
    let ridge = Self.ridge * diagonal.reduce(0, +) / Double(max(diagonal.count, 1))
    guard ridge > 0 else { return }
    pin(&residual)
    let solver = ConjugateGradient(
      diagonal: diagonal.map { $0 + ridge }, stepCount: stepCount, tolerance: 1e-8)
    let change = solver.solution(of: residual) { direction in
      var moved = products(with: direction.map { Float($0) }, members: members)
      for position in moved.indices { moved[position] += ridge * direction[position] }
      pin(&moved)
      return moved
    }
    for position in motifs.indices { motifs[position] += Float(change[position]) }
  }

  private func pin(_ values: inout [Double]) {
    guard pinsZeroMotif else { return }
    for offset in 0..<motifLength { values[offset] = 0 }
  }

  /// Half of the negative gradient: for every motif value the sum of what the errors of its weights pull.
  private func gradient(at motifs: [Float], members: [RefinementMember]) -> [Double] {
    scattered(members) { member, row in
      let scale = member.encoding.scales[row]
      let sum = expanded(motifs, row: row, of: member)
      var errors = member.rows.targets(row)
      for column in errors.indices { errors[column] -= scale * sum[column] }
      return errors
    }
  }

  /// The product of the curvature with a direction.
  private func products(with direction: [Float], members: [RefinementMember]) -> [Double] {
    scattered(members) { member, row in
      let scale = member.encoding.scales[row]
      return expanded(direction, row: row, of: member).map { scale * $0 }
    }
  }

  /// Multiplies the rows of all members by their moments, and sums the results by motif.
  private func scattered(
    _ members: [RefinementMember], row: @Sendable (RefinementMember, Int) -> [Float]
  ) -> [Double] {
    var sums = [Double](repeating: 0, count: form.storedMotifCount * motifLength)
    for member in members {
      let chunks = member.multiplied(
        pool: pool, make: { row(member, $0) },
        use: { rows, _, products in scattered(products, rows: rows, of: member) })
      for chunk in chunks {
        for position in sums.indices { sums[position] += chunk[position] }
      }
    }
    return sums
  }

  private func scattered(
    _ products: ArraySlice<Float>, rows: Range<Int>, of member: RefinementMember
  ) -> [Double] {
    var sums = [Double](repeating: 0, count: form.storedMotifCount * motifLength)
    for (number, row) in rows.enumerated() {
      let scale = member.importance * Double(member.encoding.scales[row])
      let start = products.startIndex + number * member.rows.columnCount
      forEachHalf(row: row, of: member) { motif, sign, columns in
        let factor = Double(sign) * scale
        for (offset, column) in columns.enumerated() {
          sums[motif + offset] += factor * Double(products[start + column])
        }
      }
    }
    return sums
  }

  /// The sum of motif values over a row, as it is reconstructed before its scale.
  private func expanded(_ motifs: [Float], row: Int, of member: RefinementMember) -> [Float] {
    var sum = [Float](repeating: 0, count: member.rows.columnCount)
    forEachHalf(row: row, of: member) { motif, sign, columns in
      for (offset, column) in columns.enumerated() {
        sum[column] += sign * motifs[motif + offset]
      }
    }
    return sum
  }

  /// How much each motif value weighs by itself.
  private func curvature(of members: [RefinementMember]) -> [Double] {
    var sums = [Double](repeating: 0, count: form.storedMotifCount * motifLength)
    for member in members {
      for row in 0..<member.rows.count {
        let scale = Double(member.encoding.scales[row])
        let weight = member.importance * scale * scale
        forEachHalf(row: row, of: member) { motif, _, columns in
          for (offset, column) in columns.enumerated() {
            sums[motif + offset] += weight * member.statistics.energy[column]
          }
        }
      }
    }
    return sums
  }

  /// Calls with the position of the motif values of each half of a motif, their sign, and the columns
  /// that they lie on.
  private func forEachHalf(
    row: Int, of member: RefinementMember, _ body: (Int, Float, Range<Int>) -> Void
  ) {
    let length = form.blockLength
    let columnCount = member.rows.columnCount
    let blockCount = (columnCount + length - 1) / length
    for block in 0..<blockCount {
      let (motif, sign) = form.signs.stored(member.encoding.indices[0][row * blockCount + block])
      for half in 0..<halfCount {
        let start = (block + half) * length
        guard start < columnCount else { continue }
        body(motif * motifLength + half * length, sign, start..<min(start + length, columnCount))
      }
    }
  }
}
