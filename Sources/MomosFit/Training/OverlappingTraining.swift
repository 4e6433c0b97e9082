import MomosKernels
import MomosModel

/// Finds overlapping motifs: k-means for a start, then in turn the cheapest paths of sampled rows and the motifs that
/// fit these paths best, by least squares over first and second halves jointly.
struct OverlappingTraining {
  let form: FitClass.StageForm
  /// Motif 0 stays all zeros.
  let pinsZeroMotif: Bool
  let pool: ThreadPool
  var roundCount = 8

  /// What the first and second halves of the start are multiplied by: together they have the size of a block.
  private static let firstHalfShare: Float = 0.8
  private static let secondHalfShare: Float = 0.6

  private var length: Int { form.blockLength }
  private var count: Int { form.storedMotifCount }

  /// Stored motifs `[storedMotifCount, 2 * blockLength]`, the most used first.
  func motifs(for sample: RowSample, generator: inout SeededGenerator) -> [Float] {
    var motifs = start(for: sample, generator: &generator)
    var counts = [Int](repeating: 0, count: count)
    for _ in 0..<roundCount {
      var equations = HalfEquations(motifCount: count, length: length)
      for group in sample.groups {
        let search = PathSearch(
          motifs: form.signs.expanded(motifs), motifCount: form.motifCount, blockLength: length,
          isOverlapping: true,
          columns: group.columnCount, feedback: nil, lookahead: 0)
        equations.add(
          group, indices: search.encode(group.weights, pool: pool), signs: form.signs)
      }
      equations.solve(&motifs, pinsZeroMotif: pinsZeroMotif)
      counts = equations.firstCounts.map { Int($0) }
    }
    return MotifSigns.sorted(motifs, byUse: counts, length: 2 * length, pinsZeroMotif: pinsZeroMotif)
  }

  private func start(for sample: RowSample, generator: inout SeededGenerator) -> [Float] {
    let clustering = KMeans(
      motifCount: count, length: length, pinsZeroMotif: pinsZeroMotif, isAntipodal: form.isAntipodal)
    let plain = clustering.motifs(for: blocks(of: sample), generator: &generator, pool: pool)
    let first = pinsZeroMotif ? 1 : 0
    var order = Array(first..<max(count, first))
    for position in order.indices {
      order.swapAt(position, position + generator.nextIndex(below: order.count - position))
    }
    var motifs = [Float](repeating: 0, count: count * 2 * length)
    for (motif, partner) in zip(first..<max(count, first), order) {
      for offset in 0..<length {
        motifs[motif * 2 * length + offset] = Self.firstHalfShare * plain[motif * length + offset]
        motifs[(motif * 2 + 1) * length + offset] = Self.secondHalfShare * plain[partner * length + offset]
      }
    }
    return motifs
  }

  /// The whole blocks of the sampled rows.
  private func blocks(of sample: RowSample) -> [Float] {
    sample.groups.flatMap { group in
      let whole = group.columnCount / length * length
      return stride(from: 0, to: group.weights.count, by: group.columnCount).flatMap {
        group.weights[$0..<$0 + whole]
      }
    }
  }
}
