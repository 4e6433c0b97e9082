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
  /// weights divided by the scale of their row, zeros beyond its end.
  func blocks(of rows: PartRows, blockLength: Int, start: Int) -> [Float] {
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
}
