import CMomosKernels
public import MomosModel

/// Multiplies the matrix of one part, the sum of its stages, by vectors, without reconstructing it.
///
/// `output[b, i] = rowScale[i] * (sum over stages and blocks t of dot(motif(index[i, t]), input block t))`, in
/// float32; sums run over groups of 256 columns (momos_kernels.h), so results depend neither on the thread count
/// nor on the instruction set.
@safe
public struct PartMultiplier: Sendable {
  public let rows: Int
  public let columns: Int
  private let stages: [ExecutableStage]
  private let rowScale: [Float]?

  /// - Parameters:
  ///   - mosaics: the stages' mosaics, each `[rows, ceil(columns / blockLength)]`, with their dictionaries.
  ///   - rowScale: `[rows]`, or nil.
  public init(
    rows: Int, columns: Int, stages: [(mosaic: Mosaic, dictionary: ExecutableDictionary)],
    rowScale: [Float]?
  ) {
    precondition(rowScale == nil || rowScale!.count == rows)
    for (mosaic, dictionary) in stages {
      precondition(mosaic.rowCount == rows)
      precondition(mosaic.blockCount == dictionary.dictionary.blockCount(covering: columns))
    }
    self.rows = rows
    self.columns = columns
    self.stages = stages.map { ExecutableStage(mosaic: $0.mosaic, dictionary: $0.dictionary) }
    self.rowScale = rowScale
  }

  /// - Parameters:
  ///   - input: `[batch, columns]`.
  ///   - output: `[batch, rows]`, overwritten.
  /// - Returns: the number of motif products (dot products of a motif with an input block) that were computed.
  /// - Complexity: O(batch * stages * blocks * (motifCount * motifLength + rows)).
  @discardableResult
  public func multiply(
    _ input: Span<Float>, batch: Int, into output: inout MutableSpan<Float>, pool: ThreadPool
  ) throws(ModelError) -> Int {
    precondition(input.count == batch * columns && output.count == batch * rows)
    guard batch > 0, rows > 0 else { return 0 }
    // The last block of a row, and an overlapping motif's second half, reach beyond the columns: zeros there.
    let padded = stages.map(\.inputLength).max() ?? 0
    let paddedCount = (batch * padded + 15) & ~15
    let tasks = rowTasks(batch: batch, pool: pool)
    let scratchCount = tasks.rows + (stages.map(\.tableScratchCount).max() ?? 0)
    var products = [Int](repeating: 0, count: tasks.count)
    var scratch = try ScratchMemory(floatCount: paddedCount + tasks.count * scratchCount)
    var scratchSpan = scratch.mutableSpan(of: Float.self)
    for sample in 0..<batch {
      let start = sample * padded
      for column in 0..<min(columns, padded) {
        scratchSpan[start + column] = input[sample * columns + column]
      }
      for column in columns..<max(columns, padded) { scratchSpan[start + column] = 0 }
    }
    unsafe scratchSpan.withUnsafeMutableBufferPointer { scratchBuffer in
      unsafe output.withUnsafeMutableBufferPointer { outputBuffer in
        unsafe products.withUnsafeMutableBufferPointer { productBuffer in
          let memory = unsafe TaskMemory(
            input: UnsafePointer(scratchBuffer.baseAddress!),
            scratch: scratchBuffer.baseAddress! + paddedCount, output: outputBuffer.baseAddress!,
            products: productBuffer)
          pool.run(taskCount: tasks.count) { task in
            let (sample, rowRange) = tasks[task]
            unsafe multiplyRows(
              rowRange, of: sample, input: memory.input + sample * padded,
              scratch: memory.scratch + task * scratchCount, output: memory.output,
              products: &memory.products[task])
          }
        }
      }
    }
    return products.reduce(0, +)
  }

  private func multiplyRows(
    _ range: Range<Int>, of sample: Int, input: UnsafePointer<Float>,
    scratch: UnsafeMutablePointer<Float>, output: UnsafeMutablePointer<Float>, products: inout Int
  ) {
    let sums = unsafe output + sample * rows + range.lowerBound
    unsafe sums.update(repeating: 0, count: range.count)
    let partial = unsafe scratch
    let tables = unsafe scratch + range.count
    for stage in stages {
      products += unsafe stage.add(
        rows: range, input: input, tables: tables, partial: partial, to: sums)
    }
    if let rowScale {
      for row in range { unsafe sums[row - range.lowerBound] *= rowScale[row] }
    }
  }

  /// One row range of each sample for each thread; a single one where the work would not pay a thread.
  private func rowTasks(batch: Int, pool: ThreadPool) -> RowTasks {
    let lookups = stages.reduce(0) { $0 + $1.mosaic.blockCount } * rows
    let wanted = lookups < 20_000 || batch >= 4 * pool.threadCount ? 1 : pool.threadCount
    // Whole strips of the tile layouts, which kernels then take at once.
    let share = ((rows + wanted - 1) / wanted + 63) & ~63
    return RowTasks(batch: batch, rowCount: rows, rows: min(rows, share))
  }
}

/// Row ranges of `rows` rows for every sample, numbered sample by sample.
private struct RowTasks: Sendable {
  let batch: Int
  let rowCount: Int
  let rows: Int

  var count: Int { batch * rangesPerSample }
  private var rangesPerSample: Int { (rowCount + rows - 1) / rows }

  subscript(task: Int) -> (sample: Int, rows: Range<Int>) {
    let start = task % rangesPerSample * rows
    return (task / rangesPerSample, start..<min(start + rows, rowCount))
  }
}

/// Memory that tasks write to, each at its own place.
@unsafe
private struct TaskMemory: @unchecked Sendable {
  let input: UnsafePointer<Float>
  let scratch: UnsafeMutablePointer<Float>
  let output: UnsafeMutablePointer<Float>
  let products: UnsafeMutableBufferPointer<Int>
}

/// One stage and the choice between its two kernels, which agree bit for bit.
private struct ExecutableStage: Sendable {
  let mosaic: Mosaic
  let dictionary: ExecutableDictionary
  let usesTables: Bool

  init(mosaic: Mosaic, dictionary: ExecutableDictionary) {
    self.mosaic = mosaic
    self.dictionary = dictionary
    // Tables cost a vectorised product per motif and a lookup per row; motifs a scalar product per row.
    let length = dictionary.dictionary.motifLength
    let tableCost = dictionary.dictionary.tableCount * length / 8 + 2 * mosaic.rowCount
    usesTables = mosaic.layout != .rowMajor || mosaic.rowCount * length > tableCost
  }

  /// Floats of the padded input.
  var inputLength: Int {
    let facts = dictionary.dictionary
    return mosaic.blockCount * facts.blockLength + facts.motifLength - facts.blockLength
  }

  var tableScratchCount: Int {
    usesTables ? unsafe withStage { stage in unsafe momos_table_scratch_count(stage) } : 0
  }

  func add(
    rows: Range<Int>, input: UnsafePointer<Float>, tables: UnsafeMutablePointer<Float>,
    partial: UnsafeMutablePointer<Float>, to sums: UnsafeMutablePointer<Float>
  ) -> Int {
    let kernels = unsafe InstructionSet.table
    let products = unsafe withStage { stage in
      unsafe usesTables
        ? kernels.multiply_tables(stage, input, rows.lowerBound, rows.upperBound, tables, partial, sums)
        : kernels.multiply_motifs(stage, input, rows.lowerBound, rows.upperBound, sums)
    }
    return Int(products)
  }

  private func withStage<Result>(_ body: (UnsafePointer<momos_stage>) -> Result) -> Result {
    var stage = unsafe dictionary.kernelStage(of: mosaic)
    return withExtendedLifetime(self) { unsafe body(&stage) }
  }
}
