import MomosModel

/// Chooses which blocks of a group of parts a dictionary is trained on: one at random from each of equally long
/// stretches, so that every tensor is seen in proportion.
struct BlockSample {
  /// Ascending positions among all blocks of the group, row by row, part by part.
  let positions: [Int]

  /// At least 2^17 blocks, 64 for each motif, or all there are.
  init(blockCount: Int, motifCount: Int, generator: inout SeededGenerator) {
    self.init(count: max(1 << 17, 64 * motifCount), of: blockCount, generator: &generator)
  }

  /// `count` of `total` positions, or all there are.
  init(count: Int, of total: Int, generator: inout SeededGenerator) {
    let wanted = min(total, count)
    positions = (0..<wanted).map { number in
      let start = Self.boundary(number, wanted: wanted, total: total)
      let end = Self.boundary(number + 1, wanted: wanted, total: total)
      return start + generator.nextIndex(below: end - start)
    }
  }

  private static func boundary(_ number: Int, wanted: Int, total: Int) -> Int {
    let product = number.multipliedFullWidth(by: total)
    return wanted.dividingFullWidth(product).quotient
  }

  /// The sampled blocks of one part whose blocks begin at `start` among those of the group, `[count, blockLength]`:
  /// weights divided by the scale of their row, zeros beyond its end. Annealed blocks are not counted.
  func blocks(of rows: PartRows, blockLength: Int, start: Int) -> [Float] {
    if let annealing = rows.annealing {
      precondition(annealing.blockLength == blockLength)
      return blocks(of: rows, keptBy: annealing.mask, blockLength: blockLength, start: start)
    }
    let blocksPerRow = (rows.columnCount + blockLength - 1) / blockLength
    var sample: [Float] = []
    var position = positions.firstIndex { $0 >= start } ?? positions.count
    while position < positions.count {
      let row = (positions[position] - start) / blocksPerRow
      guard row < rows.count else { break }
      let weights = rows.weights(row)
      let scale = rows.initialScale(of: weights)
      let rowEnd = start + (row + 1) * blocksPerRow
      while position < positions.count, positions[position] < rowEnd {
        let first = (positions[position] - start) % blocksPerRow * blockLength
        for column in first..<first + blockLength {
          sample.append(column < weights.count ? weights[column] / scale : 0)
        }
        position += 1
      }
    }
    return sample
  }

  private func blocks(of rows: PartRows, keptBy mask: AnnealingMask, blockLength: Int, start: Int) -> [Float]
  {
    var sample: [Float] = []
    var remaining = positions.drop { $0 < start }
    var position = start
    for row in 0..<rows.count {
      let kept = mask.keptBlocks(ofRow: row)
      let chosen = remaining.prefix { $0 < position + kept.count }.map { kept[$0 - position] }
      remaining = remaining.dropFirst(chosen.count)
      position += kept.count
      guard !chosen.isEmpty else { continue }
      let weights = rows.weights(row)
      let scale = rows.initialScale(of: weights)
      for block in chosen {
        for column in block * blockLength..<(block + 1) * blockLength {
          sample.append(column < weights.count ? weights[column] / scale : 0)
        }
      }
    }
    return sample
  }
}
