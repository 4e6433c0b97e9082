import MomosKernels
import MomosModel

/// One part of a mosaic tensor with the kernels that can execute it, and the choice among them.
struct PartExecution: Sendable {
  /// Rows of the matrix; nil means all.
  let rows: [Int]?
  /// Columns of the matrix; nil means all.
  let columns: [Int]?
  let rowCount: Int
  let columnCount: Int
  /// One table of products for each block and vector, in float32: any form, small batches.
  private let tables: PartMultiplier
  /// Rows laid out a few at a time, in float32 or pairs of bfloat16: any form, batches.
  private let tiles: TileMultiplier
  /// Integer tables in registers; nil in class `exact` and for forms that they do not cover.
  private let lookups: LookupMultiplier?
  /// Estimated cycles for one vector of a batch.
  private let lookupCost: Double
  private let tileCost: Double
  private let precision: Precision

  init(
    _ part: MosaicPart, matrix: Shape, precision: Precision, dictionaries: inout ExecutableDictionaries
  ) throws(ModelError) {
    self.precision = precision
    rows = part.rows
    columns = part.columns
    rowCount = part.rows?.count ?? matrix[0]
    columnCount = part.columns?.count ?? matrix[1]
    var stages: [(mosaic: Mosaic, dictionary: ExecutableDictionary)] = []
    for stage in part.stages { stages.append((stage.mosaic, try dictionaries.expand(stage.dictionary))) }
    let scale = part.rowScale?.floats()
    tables = PartMultiplier(rows: rowCount, columns: columnCount, stages: stages, rowScale: scale)
    tiles = TileMultiplier(rows: rowCount, columns: columnCount, stages: stages, rowScale: scale)
    lookups =
      precision == .exact
      ? nil
      : try LookupMultiplier(
        rows: rowCount, columns: columnCount, stages: stages, rowScale: scale, precision: precision)
    lookupCost = part.stages.reduce(0) { $0 + Self.lookupCost(of: $1) }
    tileCost = part.stages.reduce(Double(rowCount) * Double(columnCount) * 0.05) {
      $0 + Self.layingCost(of: $1)
    }
  }

  // The estimates were fitted to medians on one processor (Zen 5); only their ratios matter.

  /// Cycles of laying out the motifs of a stage, for one vector of a batch of 64.
  private static func layingCost(of stage: Stage) -> Double {
    Double(stage.mosaic.rowCount * stage.mosaic.blockCount) * 0.11
  }

  /// Cycles of building the tables of a stage for one vector, and of looking all rows up.
  private static func lookupCost(of stage: Stage) -> Double {
    let facts = stage.dictionary
    let entries = facts.isAntipodal ? facts.tableCount / 2 : facts.tableCount
    let build = Double(entries * facts.motifLength) / 45
    let perStrip: Double =
      switch stage.mosaic.layout {
      case .tileK16: 2.7
      case .tileK64: 4.3
      case .tileK256, .rowMajor: 5.4
      }
    let strips = Double((stage.mosaic.rowCount + 63) / 64)
    return Double(stage.mosaic.blockCount) * (build + perStrip * strips)
  }

  /// - Parameters:
  ///   - input: `[batch, columnCount]`.
  ///   - output: `[batch, rowCount]`, overwritten.
  /// - Returns: the number of motif products that were computed; 0 for tiles.
  func multiply(
    _ input: Span<Float>, batch: Int, into output: inout MutableSpan<Float>, pool: ThreadPool
  ) throws(ModelError) -> Int {
    if prefersTiles(batch: batch) {
      try tiles.multiply(input, batch: batch, precision: precision, into: &output, pool: pool)
      return 0
    }
    if let lookups { return try lookups.multiply(input, batch: batch, into: &output, pool: pool) }
    return try tables.multiply(input, batch: batch, into: &output, pool: pool)
  }

  private func prefersTiles(batch: Int) -> Bool {
    guard batch >= 4 else { return false }
    guard lookups != nil else { return true }
    // Small batches fill the multipliers less.
    let isPaired = batch >= InstructionSet.pairBatch && InstructionSet.multipliesPairs
    let effort = batch < 8 ? 1.6 : batch < 16 ? 1.2 : isPaired ? 0.6 : 1
    return tileCost * effort < lookupCost
  }
}
