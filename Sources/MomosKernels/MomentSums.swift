import CMomosKernels
public import MomosModel

/// Sums x x^T over vectors x: float32 within 64 vectors that follow one another, float64 from there on.
///
/// Only tiles on and above the diagonal are computed. Sums do not depend on the thread count; they may differ between
/// instruction sets by the rounding of the float32 part, 4e-6 of the product of the columns' lengths.
@safe
public final class MomentSums {
  /// Vectors that are summed in float32.
  private static let chunkLength = 64
  /// Rows and columns of a tile.
  private static let tileLength = 256

  public let columns: Int
  public private(set) var sampleCount = 0
  /// Tiles one after the other, each `[rows of the tile, columns of the tile]`.
  private let sums: ByteArena
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

  /// - Throws: `ModelError.allocationFailed` when memory is short.
  public init(columns: Int) throws(ModelError) {
    self.columns = columns
    let (tiles, count) = Self.tiles(columns: columns)
    self.tiles = tiles
    sums = try ByteArena(byteCount: count * MemoryLayout<Double>.stride)
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
  /// - Parameter vectors: `[count, columns]`.
  /// - Throws: `ModelError.allocationFailed` when memory is short.
  public func add(_ vectors: Span<Float>, pool: ThreadPool) throws(ModelError) {
    guard columns > 0, vectors.count > 0 else { return }
    precondition(vectors.count % columns == 0)
    let count = vectors.count / columns
    sampleCount += count
    // The product wants its left operand by columns. Rounded up, so that rows start at multiples of 64 bytes.
    let transposedStride = (count + 15) & ~15
    let scratchCount = tileScratchCount
    var transposed = try MutableBytes(byteCount: columns * transposedStride * MemoryLayout<Float>.stride)
    var scratch = try MutableBytes(byteCount: tiles.count * scratchCount * MemoryLayout<Float>.stride)
    var transposedSpan = transposed.mutableSpan(of: Float.self)
    var scratchSpan = scratch.mutableSpan(of: Float.self)
    var sumMemory = sums.region(0..<sums.byteCount)
    var sumSpan = sumMemory.mutableSpan(of: Double.self)
    unsafe vectors.withUnsafeBufferPointer { vectors in
      unsafe transposedSpan.withUnsafeMutableBufferPointer { transposed in
        unsafe scratchSpan.withUnsafeMutableBufferPointer { scratch in
          unsafe sumSpan.withUnsafeMutableBufferPointer { sums in
            let memory = unsafe MomentMemory(
              vectors: vectors.baseAddress!, transposed: transposed.baseAddress!, stride: transposedStride,
              count: count, columns: columns, scratch: scratch.baseAddress!, scratchCount: scratchCount,
              partialCount: Self.tileLength * Self.tileLength, sums: sums.baseAddress!)
            unsafe add(memory, pool: pool)
          }
        }
      }
    }
  }

  private func add(_ memory: MomentMemory, pool: ThreadPool) {
    pool.runChunks(of: columns, chunk: Self.chunkLength) { unsafe memory.transpose(columns: $0) }
    let tiles = tiles
    pool.run(taskCount: tiles.count) { number in
      let tile = tiles[number]
      for start in stride(from: 0, to: unsafe memory.count, by: Self.chunkLength) {
        let vectors = start..<min(start + Self.chunkLength, unsafe memory.count)
        unsafe memory.add(vectors, rows: tile.rows, columns: tile.columns, to: tile.start, number: number)
      }
    }
  }

  /// Floats for one tile's float32 sums and for the product, a multiple of a cache line.
  private var tileScratchCount: Int {
    var factor = unsafe momos_factor(
      b: nil, b_stride: columns, is_transposed: 0, columns: Self.chunkLength, pixels: Self.tileLength)
    let product = unsafe momos_product_scratch_count(&factor)
    return Self.tileLength * Self.tileLength + (product + 15) & ~15
  }

  /// The sums so far.
  public func moments() throws(ModelError) -> Calibration.InputMoments {
    var upper = try MutableBytes(
      byteCount: Calibration.InputMoments.upperCount(columns: columns) * MemoryLayout<Double>.stride)
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

/// Memory shared by the tasks of one addition; each writes columns of the transposed vectors, or a tile and scratch of
/// its own.
@unsafe
private struct MomentMemory: @unchecked Sendable {
  /// `[count, columns]`.
  let vectors: UnsafePointer<Float>
  /// `[columns, stride]`.
  let transposed: UnsafeMutablePointer<Float>
  let stride: Int
  let count: Int
  let columns: Int
  let scratch: UnsafeMutablePointer<Float>
  let scratchCount: Int
  /// Floats of the scratch of a tile that are its float32 sums.
  let partialCount: Int
  let sums: UnsafeMutablePointer<Double>

  func transpose(columns range: Range<Int>) {
    // Sixteen vectors at a time, so that a cache line is written as a whole.
    for first in Swift.stride(from: 0, to: unsafe count, by: 16) {
      let last = min(first + 16, unsafe count)
      for column in range {
        let target = unsafe transposed + column * stride
        for vector in first..<last { unsafe target[vector] = unsafe vectors[vector * columns + column] }
      }
    }
  }

  /// Adds the float32 sums of some vectors to a tile.
  func add(_ range: Range<Int>, rows: Range<Int>, columns tileColumns: Range<Int>, to start: Int, number: Int)
  {
    let partial = unsafe scratch + number * scratchCount
    let width = tileColumns.count
    var factor = unsafe momos_factor(
      b: vectors + range.lowerBound * columns + tileColumns.lowerBound, b_stride: columns, is_transposed: 0,
      columns: range.count, pixels: width)
    var finish = unsafe momos_finish(
      scale: nil, bias: nil, residual: nil, lower: -.infinity, upper: .infinity)
    var whole = momos_product_range(row_begin: 0, row_end: rows.count, pixel_begin: 0, pixel_end: width)
    unsafe InstructionSet.products.multiply_activations(
      transposed + rows.lowerBound * stride + range.lowerBound, stride, &factor, partial, width, &finish,
      &whole,
      partial + partialCount)
    let target = unsafe sums + start
    for position in 0..<(rows.count * width) { unsafe target[position] += Double(partial[position]) }
  }
}
