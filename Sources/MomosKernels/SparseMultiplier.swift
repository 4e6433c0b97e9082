import CMomosKernels
public import MomosModel

/// Multiplies the matrix of one part by vectors without touching its zero blocks: for mosaics that are mostly the zero
/// motif.
///
/// `output[b, i] = rowScale[i] * (sum over stages of the sum over blocks that are not zero of dot(motif, input block))` in
/// float32, in the order of momos_kernels.h, so that results depend neither on the thread count nor on the instruction
/// set. Relative error as of `PartMultiplier`.
@safe
public struct SparseMultiplier: Sendable {
  public let rows: Int
  public let columns: Int
  private let stages: [SparseStage]
  private let rowScale: [Float]?

  /// Blocks that are not zero, and weights in them, over all stages.
  public let blockCount: Int
  public let weightCount: Int

  /// The largest share of blocks that are not the zero motif for which this pays.
  public static let mostKept = 0.3

  fileprivate struct SparseStage: Sendable {
    let blockLength: Int
    /// `[rows + 1]`: entries of each row.
    let starts: [UInt32]
    /// First column of each block.
    let columns: [UInt32]
    let indices: [UInt16]
    let dictionary: ExecutableDictionary
  }

  /// nil unless every stage is plain and at most `mostKept` of its blocks are not the zero motif; a sample of rows decides
  /// whether all are looked at.
  ///
  /// - Parameters:
  ///   - mosaics: the stages' mosaics, each `[rows, ceil(columns / blockLength)]`, with their dictionaries.
  ///   - rowScale: `[rows]`, or nil.
  public init?(
    rows: Int, columns: Int, stages: [(mosaic: Mosaic, dictionary: ExecutableDictionary)],
    rowScale: [Float]?
  ) {
    var found: [SparseStage] = []
    for (mosaic, dictionary) in stages {
      guard let stage = SparseStage(mosaic, dictionary) else { return nil }
      found.append(stage)
    }
    self.rows = rows
    self.columns = columns
    self.stages = found
    self.rowScale = rowScale
    blockCount = found.reduce(0) { $0 + $1.indices.count }
    weightCount = found.reduce(0) { $0 + $1.indices.count * $1.blockLength }
  }

  /// Vectors that are multiplied together.
  private static let lanes = Int(MOMOS_LANES)

  /// From so many vectors on they are multiplied together.
  public static let leastTogether = 4

  /// - Parameters:
  ///   - input: `[batch, columns]`.
  ///   - output: `[batch, rows]`, overwritten.
  public func multiply(
    _ input: Span<Float>, batch: Int, into output: inout MutableSpan<Float>, pool: ThreadPool
  ) throws(ModelError) {
    precondition(input.count == batch * columns && output.count == batch * rows)
    var start = 0
    while start < batch {
      let rest = batch - start
      let count = rest >= Self.leastTogether ? min(rest, Self.lanes) : 1
      try multiply(input, samples: start..<start + count, into: &output, pool: pool)
      start += count
    }
  }

  /// One vector, or up to 16 that lie side by side in lanes.
  private func multiply(
    _ input: Span<Float>, samples: Range<Int>, into output: inout MutableSpan<Float>, pool: ThreadPool
  ) throws(ModelError) {
    let lanes = samples.count == 1 ? 1 : Self.lanes
    // The last block of a row may reach beyond the columns: zeros there.
    let padded = columns + (stages.map(\.blockLength).max() ?? 0)
    var scratch = try ScratchMemory(floatCount: lanes * (padded + rows))
    var scratchSpan = scratch.mutableSpan(of: Float.self)
    scratchSpan.update(repeating: 0)
    for (lane, sample) in samples.enumerated() {
      for column in 0..<columns { scratchSpan[column * lanes + lane] = input[sample * columns + column] }
    }
    let chunk =
      blockCount * lanes < 20_000 ? rows : max(64, (rows + 4 * pool.threadCount - 1) / (4 * pool.threadCount))
    unsafe scratchSpan.withUnsafeMutableBufferPointer { scratch in
      let memory = unsafe SparseMemory(
        input: UnsafePointer(scratch.baseAddress!), sums: scratch.baseAddress! + lanes * padded)
      pool.runChunks(of: rows, chunk: chunk) { range in
        for stage in stages {
          unsafe stage.withStage { stage in
            unsafe InstructionSet.table.multiply_sparse(
              stage, memory.input, lanes, range.lowerBound, range.upperBound,
              memory.sums + range.lowerBound * lanes)
          }
        }
      }
    }
    for (lane, sample) in samples.enumerated() {
      for row in 0..<rows {
        let sum = scratchSpan[lanes * (padded + row) + lane]
        output[sample * rows + row] = rowScale.map { $0[row] * sum } ?? sum
      }
    }
  }
}

/// Memory of the tasks of one product; each writes rows of its own.
@unsafe
private struct SparseMemory: @unchecked Sendable {
  let input: UnsafePointer<Float>
  let sums: UnsafeMutablePointer<Float>
}

extension SparseMultiplier.SparseStage {
  /// Rows that are looked at first.
  private static let sampledRowCount = 16

  init?(_ mosaic: Mosaic, _ dictionary: ExecutableDictionary) {
    let facts = dictionary.dictionary
    let count = mosaic.rowCount * mosaic.blockCount
    guard facts.hasZeroMotif, !facts.isOverlapping, count > 0, count <= UInt32.max else { return nil }
    let step = max(1, mosaic.rowCount / Self.sampledRowCount)
    guard Self.keptShare(of: mosaic, rows: stride(from: 0, to: mosaic.rowCount, by: step)) <= 0.4 else {
      return nil
    }
    var starts: [UInt32] = [0]
    var columns: [UInt32] = []
    var kept: [UInt16] = []
    var indices = [UInt16](repeating: 0, count: mosaic.blockCount)
    for row in 0..<mosaic.rowCount {
      var target = indices.mutableSpan
      mosaic.unpackRow(row, into: &target)
      for (block, index) in indices.enumerated() where index != 0 {
        columns.append(UInt32(block * facts.blockLength))
        kept.append(index & UInt16(truncatingIfNeeded: facts.tableCount - 1))
      }
      starts.append(UInt32(kept.count))
    }
    guard Double(kept.count) <= SparseMultiplier.mostKept * Double(count) else { return nil }
    self.init(
      blockLength: facts.blockLength, starts: starts, columns: columns, indices: kept, dictionary: dictionary)
  }

  private static func keptShare(of mosaic: Mosaic, rows: StrideTo<Int>) -> Double {
    var indices = [UInt16](repeating: 0, count: mosaic.blockCount)
    var (keptCount, count) = (0, 0)
    for row in rows {
      var target = indices.mutableSpan
      mosaic.unpackRow(row, into: &target)
      keptCount += indices.count { $0 != 0 }
      count += indices.count
    }
    return Double(keptCount) / Double(max(count, 1))
  }

  func withStage(_ body: (UnsafePointer<momos_sparse_stage>) -> Void) {
    unsafe starts.withUnsafeBufferPointer { starts in
      unsafe columns.withUnsafeBufferPointer { columns in
        unsafe indices.withUnsafeBufferPointer { indices in
          var stage = unsafe momos_sparse_stage(
            starts: starts.baseAddress!, columns: columns.baseAddress, indices: indices.baseAddress,
            block_length: UInt32(blockLength),
            motifs: dictionary.motifs.start!.assumingMemoryBound(to: Float.self))
          withExtendedLifetime(dictionary) { unsafe body(&stage) }
        }
      }
    }
  }
}
