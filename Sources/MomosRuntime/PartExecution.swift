import MomosKernels
import MomosModel

/// One part of a mosaic tensor with the kernels that can execute it, and the choice among them.
struct PartExecution: Sendable {
  let rowCount: Int
  let columnCount: Int
  /// One table of products for each block and vector, in float32: any form.
  private let tables: PartMultiplier
  /// Rows laid out a few at a time, in float32 or pairs of bfloat16: any form, best for batches and for
  /// row-major mosaics.
  private let tiles: TileMultiplier
  /// Integer tables in registers; nil in class `exact` and for forms that they do not cover.
  private let lookups: LookupMultiplier?
  /// Without the zero blocks; nil where they are few.
  private let sparse: SparseMultiplier?
  /// What one vector takes by `lookups`, or else by `tables`.
  private let tableCost: Double
  private let tileCosts: TileCosts
  private let precision: Precision

  init(
    _ part: MosaicPart, matrix: Shape, precision: Precision, dictionaries: inout ExecutableDictionaries
  ) throws(ModelError) {
    self.precision = precision
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
    sparse = SparseMultiplier(rows: rowCount, columns: columnCount, stages: stages, rowScale: scale)
    let costs = KernelCosts.current
    tableCost = lookups == nil ? costs.tables(part) : costs.lookups(part, precision: precision)
    tileCosts = costs.tiles(part, rows: rowCount, columns: columnCount)
  }

  /// Which vectors the kernels for such a batch take. Inputs of tiles are packed anyway: copied for all parts at once, they
  /// are read once.
  func vectors(batch: Int) -> PartVectors {
    switch kernel(batch: batch) {
    case .lookups: .ofMatrix
    case .tiles: .outputsOfMatrix
    case .tables, .sparse: .own
    }
  }

  /// - Parameters:
  ///   - placement: where the part lies; then input and output are what `vectors` says.
  ///   - input: `[batch, columnCount]`.
  ///   - output: `[batch, rowCount]`, overwritten.
  /// - Returns: the number of motif products that were computed; 0 for tiles and without zero blocks.
  func multiply(
    _ input: Span<Float>, batch: Int, placement: PartPlacement? = nil, into output: inout MutableSpan<Float>,
    pool: ThreadPool
  ) throws(ModelError) -> Int {
    switch kernel(batch: batch) {
    case .sparse(let sparse):
      try sparse.multiply(input, batch: batch, into: &output, pool: pool)
      return 0
    case .tiles:
      try tiles.multiply(
        input, batch: batch, precision: precision, placement: placement, into: &output, pool: pool)
      return 0
    case .lookups(let lookups):
      return try lookups.multiply(input, batch: batch, placement: placement, into: &output, pool: pool)
    case .tables:
      return try tables.multiply(input, batch: batch, into: &output, pool: pool)
    }
  }

  private enum Kernel {
    case sparse(SparseMultiplier)
    case tiles
    case lookups(LookupMultiplier)
    case tables
  }

  /// The one that is estimated to take least.
  private func kernel(batch: Int) -> Kernel {
    let isPaired =
      precision != .exact && batch >= InstructionSet.pairBatch && InstructionSet.multipliesPairs
    let tileCost = tileCosts.ofVector(batch: batch, isPaired: isPaired)
    if let sparse, KernelCosts.current.sparse(sparse, batch: batch) < min(tileCost, tableCost) {
      return .sparse(sparse)
    }
    if tileCost < tableCost { return .tiles }
    return lookups.map { .lookups($0) } ?? .tables
  }
}
