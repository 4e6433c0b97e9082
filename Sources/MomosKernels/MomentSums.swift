import CMomosKernels
public import MomosModel

/// Sums x x^T over vectors x: float32 within 64 vectors that follow one another, float64 from there on.
///
/// Only tiles on and above the diagonal are computed. Sums depend neither on the thread count nor on the instruction
/// set.
@safe
public final class MomentSums {
  /// Rows and columns of a tile.
  private static let tileLength = 256

  public let columns: Int
  public private(set) var sampleCount = 0
  /// Tiles one after the other, each `[rows of the tile, columns of the tile]`.
  private let sums: ByteArena
  private let spool: SpoolFolder?
  private let tiles: [Tile]

  /// A part of the sum.
  private struct Tile {
    let rows: Range<Int>
    let columns: Range<Int>
    /// Where it begins in the sums.
    let start: Int
  }

  /// Bytes that the sums of inputs of this many columns take.
  public static func byteCount(columns: Int) -> Int {
    tiles(columns: columns).sumCount * MemoryLayout<Double>.stride
  }

  /// - Parameter spool: where the sums lie instead of memory.
  /// - Throws: `ModelError.allocationFailed` when memory is short, `spoolFailed`.
  public init(columns: Int, in spool: SpoolFolder? = nil) throws(ModelError) {
    self.spool = spool
    self.columns = columns
    let (tiles, count) = Self.tiles(columns: columns)
    self.tiles = tiles
    sums = try ByteArena(byteCount: count * MemoryLayout<Double>.stride, in: spool)
  }

  private static func tiles(columns: Int) -> (tiles: [Tile], sumCount: Int) {
    var tiles: [Tile] = []
    var count = 0
    for row in stride(from: 0, to: columns, by: tileLength) {
      for column in stride(from: row, to: columns, by: tileLength) {
        let tile = Tile(
          rows: row..<min(row + tileLength, columns), columns: column..<min(column + tileLength, columns),
          start: count)
        tiles.append(tile)
        count += tile.rows.count * tile.columns.count
      }
    }
    return (tiles, count)
  }

  /// Adds x x^T of every row.
  /// - Parameter vectors: `[count, columns]`. In each call vectors are grouped anew.
  public func add(_ vectors: Span<Float>, pool: ThreadPool) {
    guard columns > 0, vectors.count > 0 else { return }
    precondition(vectors.count % columns == 0)
    let count = vectors.count / columns
    sampleCount += count
    let (columns, tiles) = (columns, tiles)
    var sumMemory = sums.region(0..<sums.byteCount)
    var sumSpan = sumMemory.mutableSpan(of: Double.self)
    unsafe vectors.withUnsafeBufferPointer { vectors in
      unsafe sumSpan.withUnsafeMutableBufferPointer { sums in
        let memory = unsafe MomentMemory(vectors: vectors.baseAddress!, sums: sums.baseAddress!)
        pool.run(taskCount: tiles.count) { number in
          let tile = tiles[number]
          var place = momos_moment_tile(
            columns: columns, row_begin: tile.rows.lowerBound, row_end: tile.rows.upperBound,
            column_begin: tile.columns.lowerBound, column_end: tile.columns.upperBound,
            stride: tile.columns.count)
          unsafe withFittingScratch(byteCount: Int(MOMOS_FIT_PRODUCT_SCRATCH)) { scratch in
            unsafe InstructionSet.fitting.add_moments(
              &place, memory.vectors, count, memory.sums + tile.start, scratch)
          }
        }
      }
    }
  }

  /// The sums so far, in the same spool if there is one.
  public func moments() throws(ModelError) -> Calibration.InputMoments {
    var upper = try MutableBytes(
      byteCount: Calibration.InputMoments.upperCount(columns: columns) * MemoryLayout<Double>.stride,
      in: spool)
    var target = upper.mutableSpan(of: Double.self)
    var sumMemory = sums.region(0..<sums.byteCount)
    let source = sumMemory.mutableSpan(of: Double.self)
    for tile in tiles {
      for (line, row) in tile.rows.enumerated() {
        // Row i of the upper half begins behind i rows of columns, columns - 1, ... numbers.
        let rowStart = row * columns - row * (row - 1) / 2 - row
        let tileStart = tile.start + line * tile.columns.count - tile.columns.lowerBound
        for column in max(row, tile.columns.lowerBound)..<tile.columns.upperBound {
          target[rowStart + column] = source[tileStart + column]
        }
      }
    }
    return Calibration.InputMoments(sampleCount: sampleCount, columns: columns, upperSums: upper.freeze())
  }
}

/// Memory shared by the tasks of one addition; each adds to a tile of its own.
@unsafe
private struct MomentMemory: @unchecked Sendable {
  /// `[count, columns]`.
  let vectors: UnsafePointer<Float>
  let sums: UnsafeMutablePointer<Double>
}
