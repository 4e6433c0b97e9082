import CMomosKernels
public import MomosModel

/// Multiplies the matrix of one part by vectors with integer tables that live in vector registers (momos_lut.h):
/// the kernels of precision classes `fast` and `fastest`.
///
/// Relative error of `fast` below 2e-4 for one stage, below 5e-4 for several stages and inputs with outlier channels; of
/// `fastest` below 3e-2. Results depend neither on the thread count nor on the instruction set.
@safe
public struct LookupMultiplier: Sendable {
  public let rows: Int
  public let columns: Int
  private let stages: LookupStages
  private let rowScale: [Float]?
  private let precision: Precision

  /// nil if a stage has no tile layout, or one that the instruction set in use does not look up in vectors.
  ///
  /// - Parameters:
  ///   - mosaics: the stages' mosaics, each `[rows, ceil(columns / blockLength)]`, with their dictionaries.
  ///   - rowScale: `[rows]`, or nil.
  ///   - precision: `fast` or `fastest`.
  public init?(
    rows: Int, columns: Int, stages: [(mosaic: Mosaic, dictionary: ExecutableDictionary)],
    rowScale: [Float]?, precision: Precision
  ) throws(ModelError) {
    precondition(precision != .exact)
    guard !stages.isEmpty, rows > 0, columns > 0, let stages = try LookupStages(stages) else { return nil }
    self.rows = rows
    self.columns = columns
    self.stages = stages
    self.rowScale = rowScale
    self.precision = precision
  }

  /// - Parameters:
  ///   - input: `[batch, columns]`.
  ///   - placement: if these are rows and columns of a larger matrix, input and output are that matrix's.
  ///   - output: `[batch, rows]`, overwritten.
  /// - Returns: the number of motif products that were computed.
  @discardableResult
  public func multiply(
    _ input: Span<Float>, batch: Int, placement: PartPlacement? = nil, into output: inout MutableSpan<Float>,
    pool: ThreadPool
  ) throws(ModelError) -> Int {
    let (inputStride, outputStride) = (placement?.columnCount ?? columns, placement?.rowCount ?? rows)
    precondition(input.count == batch * inputStride && output.count == batch * outputStride)
    guard batch > 0 else { return 0 }
    let chunk = rowChunk(batch: batch, pool: pool)
    let taskCount = (rows + chunk - 1) / chunk
    let scratchByteCount = stages.scratchByteCount(rows: rows, columns: columns, batch: batch, chunk: chunk)
    var scratch = try ScratchMemory(byteCount: taskCount * scratchByteCount)
    var scratchSpan = scratch.mutableSpan(of: UInt8.self)
    unsafe scratchSpan.withUnsafeMutableBufferPointer { scratchBuffer in
      unsafe input.withUnsafeBufferPointer { inputBuffer in
        unsafe output.withUnsafeMutableBufferPointer { outputBuffer in
          let memory = unsafe LookupMemory(
            input: inputBuffer.baseAddress!, output: outputBuffer.baseAddress!,
            scratch: scratchBuffer.baseAddress!)
          pool.run(taskCount: taskCount) { task in
            unsafe stages.withMatrix(
              rows: rows, columns: columns, rowScale: rowScale, allowsOnePlane: precision == .fastest,
              placement: placement
            ) { matrix in
              unsafe momos_lut_multiply(
                InstructionSet.lookups, matrix, memory.input, inputStride, batch, task * chunk,
                min((task + 1) * chunk, rows), memory.scratch + task * scratchByteCount, memory.output,
                outputStride)
            }
          }
        }
      }
    }
    return batch * taskCount * stages.productCount
  }

  /// Rows of one task: a multiple of what the kernels demand, and all where a thread would not pay.
  private func rowChunk(batch: Int, pool: ThreadPool) -> Int {
    let step = Int(MOMOS_LUT_ROW_STEP)
    guard batch * rows * stages.blockCount > 200_000 else { return rows }
    return ((rows + pool.threadCount - 1) / pool.threadCount + step - 1) / step * step
  }
}

/// Memory shared by the tasks of one product; each writes rows and scratch of its own.
@unsafe
private struct LookupMemory: @unchecked Sendable {
  let input: UnsafePointer<Float>
  let output: UnsafeMutablePointer<Float>
  let scratch: UnsafeMutablePointer<UInt8>
}
