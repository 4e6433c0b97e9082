import MomosModel

/// Chooses which blocks of a group of tensors a dictionary is trained on: one at random from each of equally
/// long stretches, so that every tensor is seen in proportion.
struct BlockSample {
  /// Ascending positions among all blocks of the group, row by row, tensor by tensor.
  let positions: [Int]

  /// At least 2^17 blocks, 64 for each motif, or all there are.
  init(blockCount: Int, motifCount: Int, generator: inout SeededGenerator) {
    let wanted = min(blockCount, max(1 << 17, 64 * motifCount))
    positions = (0..<wanted).map { number in
      let start = Self.boundary(number, wanted: wanted, blockCount: blockCount)
      let end = Self.boundary(number + 1, wanted: wanted, blockCount: blockCount)
      return start + generator.nextIndex(below: end - start)
    }
  }

  private static func boundary(_ number: Int, wanted: Int, blockCount: Int) -> Int {
    let product = number.multipliedFullWidth(by: blockCount)
    return wanted.dividingFullWidth(product).quotient
  }

  /// The sampled blocks of one tensor whose blocks begin at `start` among those of the group.
  func blocks(of rows: RowBlocks, start: Int) -> [Float] {
    var sample: [Float] = []
    var position = positions.firstIndex { $0 >= start } ?? positions.count
    while position < positions.count {
      let row = (positions[position] - start) / rows.blocksPerRow
      guard row < rows.rowCount else { break }
      let values = rows.row(row)
      let blocks = rows.blocks(of: values, scale: rows.initialScale(of: values))
      let rowEnd = start + (row + 1) * rows.blocksPerRow
      while position < positions.count, positions[position] < rowEnd {
        let block = (positions[position] - start) % rows.blocksPerRow
        sample += blocks[block * rows.blockLength..<(block + 1) * rows.blockLength]
        position += 1
      }
    }
    return sample
  }
}
