import MomosModel

/// What the motifs of a part's stages add up to, before scales and outliers.
struct MotifExpansion: Sendable {
  private let stages: [(length: Int, isOverlapping: Bool, table: [Float])]
  let columnCount: Int

  init(_ dictionaries: [MotifDictionary], columnCount: Int) {
    self.columnCount = columnCount
    stages = dictionaries.map { ($0.blockLength, $0.isOverlapping, $0.tableFloats()) }
  }

  /// Blocks of a row in a stage.
  func blockCount(stage: Int) -> Int { (columnCount + stages[stage].length - 1) / stages[stage].length }

  /// The sum over one row of the stages that have indices, in the order in which it is reconstructed.
  func row(_ row: Int, of indices: [[UInt16]]) -> [Float] {
    var sum = [Float](repeating: 0, count: columnCount)
    for (number, stage) in stages.prefix(indices.count).enumerated() {
      let blockCount = blockCount(stage: number)
      let motifLength = stage.isOverlapping ? 2 * stage.length : stage.length
      var previous = -1
      for block in 0..<blockCount {
        let index = Int(indices[number][row * blockCount + block])
        let start = block * stage.length
        for offset in 0..<min(stage.length, columnCount - start) {
          var value = stage.table[index * motifLength + offset]
          if stage.isOverlapping, previous >= 0 {
            value += stage.table[previous * motifLength + stage.length + offset]
          }
          sum[start + offset] += value
        }
        previous = index
      }
    }
    return sum
  }
}
