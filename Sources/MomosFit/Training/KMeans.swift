import MomosKernels
import MomosModel

/// Lloyd's algorithm for motifs: nearest motif for every block, then every motif to the mean of its blocks.
///
/// Sums are taken in float64 in the order of the blocks, so results depend on the seed alone. Where motifs come in
/// pairs +c and -c, a block counts for c with the sign of its nearest motif.
struct KMeans {
  /// Motifs to find; of pairs the first ones.
  let motifCount: Int
  let length: Int
  /// Motif 0 stays all zeros.
  let pinsZeroMotif: Bool
  /// Blocks may choose the negative of each motif as well.
  var isAntipodal = false
  var iterationCount = 10

  var signs: MotifSigns { MotifSigns(storedCount: motifCount, isAntipodal: isAntipodal) }

  /// A search among the motifs, and their negatives behind them where they come in pairs.
  func search(_ motifs: [Float]) -> MotifSearch {
    MotifSearch(motifs: signs.expanded(motifs), motifCount: signs.count, length: length)
  }

  /// Motifs `[motifCount, length]` for blocks `[count, length]`.
  ///
  /// Starts from randomly chosen blocks. A motif that no block chooses moves to the block that is worst
  /// represented. With fewer blocks than motifs the surplus motifs are zeros. The most used motifs come first.
  func motifs(for blocks: [Float], generator: inout SeededGenerator, pool: ThreadPool) -> [Float] {
    var motifs = initialMotifs(from: blocks, generator: &generator)
    var counts = [Int](repeating: 0, count: motifCount)
    for _ in 0..<iterationCount {
      let chunks = search(motifs).nearestChunks(to: blocks, pool: pool)
      counts = update(
        &motifs, blocks: blocks, nearest: chunks.flatMap(\.indices), scores: chunks.flatMap(\.scores))
    }
    return MotifSigns.sorted(motifs, byUse: counts, length: length, pinsZeroMotif: pinsZeroMotif)
  }

  private func initialMotifs(from blocks: [Float], generator: inout SeededGenerator) -> [Float] {
    let count = blocks.count / length
    var order = Array(0..<count)
    var motifs = [Float](repeating: 0, count: motifCount * length)
    let first = pinsZeroMotif ? 1 : 0
    for (position, motif) in (first..<max(motifCount, first)).enumerated() {
      guard position < count else { break }
      order.swapAt(position, position + generator.nextIndex(below: count - position))
      for offset in 0..<length { motifs[motif * length + offset] = blocks[order[position] * length + offset] }
    }
    return motifs
  }

  /// Moves each motif to the mean of its blocks.
  /// - Returns: how many blocks chose each motif.
  private func update(
    _ motifs: inout [Float], blocks: [Float], nearest: [UInt16], scores: [Float]
  ) -> [Int] {
    var sums = [Double](repeating: 0, count: motifCount * length)
    var counts = [Int](repeating: 0, count: motifCount)
    for (block, index) in nearest.enumerated() {
      let (motif, sign) = signs.stored(index)
      counts[motif] += 1
      for offset in 0..<length {
        sums[motif * length + offset] += Double(sign * blocks[block * length + offset])
      }
    }
    var empty: [Int] = []
    for motif in (pinsZeroMotif ? 1 : 0)..<max(motifCount, 1) {
      guard counts[motif] > 0 else {
        empty.append(motif)
        continue
      }
      for offset in 0..<length {
        motifs[motif * length + offset] = Float(sums[motif * length + offset] / Double(counts[motif]))
      }
    }
    move(empty, of: &motifs, blocks: blocks, scores: scores)
    return counts
  }

  private func move(_ empty: [Int], of motifs: inout [Float], blocks: [Float], scores: [Float]) {
    guard !empty.isEmpty else { return }
    let distances = scores.indices.map { block in
      var norm: Float = 0
      for offset in 0..<length { norm += blocks[block * length + offset] * blocks[block * length + offset] }
      return norm - 2 * scores[block]
    }
    let worst = distances.indices.sorted {
      distances[$0] != distances[$1] ? distances[$0] > distances[$1] : $0 < $1
    }
    for (motif, block) in zip(empty, worst) {
      for offset in 0..<length { motifs[motif * length + offset] = blocks[block * length + offset] }
    }
  }
}

extension MotifSearch {
  /// `nearest(to:)` over all threads; the chunks follow the order of the blocks.
  func nearestChunks(
    to blocks: [Float], pool: ThreadPool
  ) -> [(indices: [UInt16], scores: [Float])] {
    let chunk = 4096 * length
    return pool.map(taskCount: (blocks.count + chunk - 1) / chunk) { task in
      nearest(to: blocks.span.extracting(task * chunk..<min((task + 1) * chunk, blocks.count)))
    }
  }
}
