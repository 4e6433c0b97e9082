import MomosKernels
import MomosModel

/// Whole rows that a dictionary of overlapping motifs is trained on, those of equal length together.
struct RowSample {
  /// Rows of one length, `[count, columnCount]`: weights divided by the scale of their row, outliers at zero.
  struct Group {
    let columnCount: Int
    var weights: [Float] = []
  }

  private(set) var groups: [Group] = []

  /// Rows of about `blockCount` blocks, one at random from each of equally long stretches of all rows.
  init(
    of members: [TrainingMember], blockLength: Int, blockCount: Int, generator: inout SeededGenerator
  ) throws {
    let rowCount = members.reduce(0) { $0 + $1.rowCount }
    let blocks = members.reduce(0) { $0 + $1.rowCount * (($1.columnCount + blockLength - 1) / blockLength) }
    guard blocks > 0 else { return }
    let wanted = Double(blockCount) * Double(rowCount) / Double(blocks)
    let sample = BlockSample(count: Int(wanted.rounded(.up)), of: rowCount, generator: &generator)
    var start = 0
    for member in members {
      let chosen = sample.positions.filter { (start..<start + member.rowCount).contains($0) }.map {
        $0 - start
      }
      start += member.rowCount
      if !chosen.isEmpty { add(chosen, of: try member.read()) }
    }
  }

  private mutating func add(_ chosen: [Int], of rows: PartRows) {
    let position = groups.firstIndex { $0.columnCount == rows.columnCount } ?? groups.count
    if position == groups.count { groups.append(Group(columnCount: rows.columnCount)) }
    for row in chosen {
      let weights = rows.weights(row)
      let scale = rows.initialScale(of: weights)
      groups[position].weights += weights.map { $0 / scale }
    }
  }

  /// What an overlapping dictionary leaves of the rows, as blocks `[count, blockLength]`; what is beyond the last whole
  /// block of a row is left out.
  func residual(of dictionary: MotifDictionary, blockLength: Int, pool: ThreadPool) -> [Float] {
    var blocks: [Float] = []
    for group in groups {
      let search = PathSearch(
        motifs: dictionary.tableFloats(), motifCount: dictionary.motifCount,
        blockLength: dictionary.blockLength, isOverlapping: true, columns: group.columnCount, feedback: nil,
        lookahead: 0)
      let indices = [search.encode(group.weights, pool: pool)]
      let expansion = MotifExpansion([dictionary], columnCount: group.columnCount)
      let whole = group.columnCount / blockLength * blockLength
      for row in 0..<group.weights.count / group.columnCount {
        let sum = expansion.row(row, of: indices)
        for column in 0..<whole {
          blocks.append(group.weights[row * group.columnCount + column] - sum[column])
        }
      }
    }
    return blocks
  }
}
