import MomosKernels
import MomosModel

/// Estimates of what the kernels in use take, for the choice among them.
///
/// In nanoseconds on one thread, fitted to medians on one processor (Zen 5) for each of its instruction sets; only
/// ratios matter.
struct KernelCosts: Sendable {
  let tile: TileRates
  let lookup: LookupRates

  static let current = KernelCosts(
    tile: .of(InstructionSet.current), lookup: .of(InstructionSet.currentLookups))

  /// By tiles.
  func tiles(_ part: MosaicPart, rows: Int, columns: Int) -> TileCosts {
    var laying = 0.0
    for stage in part.stages {
      let motif = stage.mosaic.layout == .rowMajor ? tile.rowMajorMotif : tile.tiledMotif
      laying += indexCount(of: stage) * (motif + tile.motifWeight * Double(stage.dictionary.blockLength))
    }
    return TileCosts(
      laying: laying, product: Double(rows) * Double(columns) * tile.product, direct: directTiles(part))
  }

  /// nil where motifs are laid out before they are multiplied.
  private func directTiles(_ part: MosaicPart) -> DirectTiles? {
    guard let motif = tile.directMotif, part.stages.count == 1, let stage = part.stages.first,
      stage.dictionary.motifLength == stage.dictionary.blockLength, stage.mosaic.layout != .rowMajor,
      stage.dictionary.tableCount * stage.dictionary.motifLength <= InstructionSet.mostNearMotifs
    else { return nil }
    return DirectTiles(reading: indexCount(of: stage) * motif, isScaled: part.rowScale != nil)
  }

  /// One vector, by float tables.
  func tables(_ part: MosaicPart) -> Double {
    var cost = 0.0
    for stage in part.stages {
      let facts = stage.dictionary
      let perIndex: Double
      switch stage.mosaic.layout {
      case .tileK256: perIndex = 0.33
      case .tileK16: perIndex = 0.58
      case .tileK64: perIndex = 0.84
      case .rowMajor: perIndex = stage.mosaic.indexWidth == 8 ? 0.75 : 1.2
      }
      // Larger dictionaries come from the second cache.
      let weight = facts.tableCount > 1024 ? 8 * tile.tableWeight : tile.tableWeight
      let table = Double(facts.tableCount * facts.motifLength) * weight
      cost += indexCount(of: stage) * perIndex + Double(stage.mosaic.blockCount) * table
    }
    return cost
  }

  /// One vector, by integer tables.
  func lookups(_ part: MosaicPart, precision: Precision) -> Double {
    var cost = 0.0
    for stage in part.stages {
      let facts = stage.dictionary
      let isSigned = facts.isAntipodal && stage.mosaic.layout == .tileK256
      let entries = Double(isSigned ? facts.tableCount / 2 : facts.tableCount)
      let table = entries * (lookup.entry + lookup.entryWeight * Double(facts.motifLength))
      let strip: Double
      switch stage.mosaic.layout {
      case .tileK16: strip = lookup.strip16
      case .tileK64: strip = lookup.strip64
      case .tileK256, .rowMajor: strip = isSigned ? lookup.stripSigned : lookup.strip256
      }
      // One byte plane instead of two.
      let share = precision == .fastest ? 0.7 : 1
      let strips = Double((stage.mosaic.rowCount + 63) / 64)
      cost += Double(stage.mosaic.blockCount) * (table + strips * strip * share)
    }
    return cost
  }

  /// One vector of a batch, without the zero blocks.
  func sparse(_ multiplier: SparseMultiplier, batch: Int) -> Double {
    let (blocks, weights) = (Double(multiplier.blockCount), Double(multiplier.weightCount))
    if batch < SparseMultiplier.leastTogether {
      return 0.1 * blocks + 0.15 * weights
    }
    // Vectors are multiplied sixteen at a time, whether or not there are as many.
    let runs = Double((batch + 15) / 16)
    return 16 * (0.05 * blocks + 0.03 * weights) * runs / Double(batch)
  }

  private func indexCount(of stage: Stage) -> Double {
    Double(stage.mosaic.rowCount) * Double(stage.mosaic.blockCount)
  }
}

/// What a matrix takes by tiles.
struct TileCosts: Sendable {
  let laying: Double
  let product: Double
  /// Where motifs are multiplied without being laid out.
  let direct: DirectTiles?

  /// One vector of a batch; tiles are laid out once for at most 512. Pairs of bfloat16 are multiplied faster.
  func ofVector(batch: Int, isPaired: Bool = false) -> Double {
    let vectors = Double(max(1, min(batch, 512)))
    if let direct, batch % 16 == 0, isPaired || !direct.isScaled {
      // A single vector of lanes waits for its sums.
      let waiting = batch < 32 ? (isPaired ? 1.6 : 1.35) : 1
      return direct.reading / vectors + product * waiting * (isPaired ? 0.5 : 1)
    }
    return laying / vectors + product * (isPaired ? 0.55 : 1)
  }
}

/// Tiles that are multiplied straight from their motifs.
struct DirectTiles: Sendable {
  /// Reading where the motifs are.
  let reading: Double
  let isScaled: Bool
}

/// Rates of the float32 kernels.
struct TileRates: Sendable {
  /// Laying one motif out, of row-major mosaics.
  let rowMajorMotif: Double
  /// The same, of tile layouts.
  let tiledMotif: Double
  /// A weight of such a motif.
  let motifWeight: Double
  /// Finding one motif without laying it out; nil where panels are not multiplied straight from motifs.
  var directMotif: Double?
  /// Multiplying one weight.
  let product: Double
  /// Float tables: multiplying one weight of a motif.
  let tableWeight: Double

  static func of(_ set: String) -> TileRates {
    switch set {
    case "avx512":
      TileRates(
        rowMajorMotif: 0.35, tiledMotif: 0.29, motifWeight: 0.058, directMotif: 0.08, product: 0.0092,
        tableWeight: 0.007)
    case "avx2", "neon":
      TileRates(rowMajorMotif: 0.33, tiledMotif: 0.35, motifWeight: 0.034, product: 0.02, tableWeight: 0.007)
    default:
      TileRates(rowMajorMotif: 2.4, tiledMotif: 0.4, motifWeight: 0.039, product: 0.05, tableWeight: 0.02)
    }
  }
}

/// Rates of the integer tables.
struct LookupRates: Sendable {
  /// One entry of a table, and one weight of its motif.
  let entry: Double
  let entryWeight: Double
  /// One block of 64 rows in layouts K16, K64, K256, and K256 with signs.
  let strip16: Double
  let strip64: Double
  let strip256: Double
  let stripSigned: Double

  static func of(_ set: String) -> LookupRates {
    set == "avx512"
      ? LookupRates(
        entry: 0.012, entryWeight: 0.0063, strip16: 0.51, strip64: 0.87, strip256: 1.4, stripSigned: 1.08)
      : LookupRates(entry: 0.06, entryWeight: 0.018, strip16: 2.4, strip64: 4.6, strip256: 15, stripSigned: 9)
  }
}
