import CMomosKernels
public import MomosModel

/// Multiplies the matrix of one part by batches of vectors: a few rows at a time are laid out in the nearest cache and
/// multiplied there (momos_gemm.h). In float32; the matrix as a whole never exists.
///
/// Relative error at most 2e-6 for 4096 columns of normal weights and inputs, 3e-3 in class `fast` for batches of 16 and
/// more, which processors with such instructions multiply as pairs of bfloat16. Results do not depend on the thread
/// count; they may differ between instruction sets within that bound.
@safe
public struct TileMultiplier: Sendable {
  public let rows: Int
  public let columns: Int
  private let stages: [(mosaic: Mosaic, dictionary: ExecutableDictionary)]
  private let rowScale: [Float]?

  /// - Parameters:
  ///   - stages: mosaics `[rows, ceil(columns / blockLength)]` of any layout, with their dictionaries.
  ///   - rowScale: `[rows]`, or nil.
  public init(
    rows: Int, columns: Int, stages: [(mosaic: Mosaic, dictionary: ExecutableDictionary)],
    rowScale: [Float]?
  ) {
    precondition(!stages.isEmpty && rows > 0 && columns > 0)
    self.rows = rows
    self.columns = columns
    self.stages = stages
    self.rowScale = rowScale
  }

  /// - Parameters:
  ///   - input: `[batch, columns]`.
  ///   - precision: `exact` never rounds weights or inputs to bfloat16.
  ///   - placement: if these are rows of a larger matrix, the output is that matrix's.
  ///   - output: `[batch, rows]`, overwritten.
  public func multiply(
    _ input: Span<Float>, batch: Int, precision: Precision = .exact, placement: PartPlacement? = nil,
    into output: inout MutableSpan<Float>, pool: ThreadPool
  ) throws(ModelError) {
    let outputStride = placement?.rowCount ?? rows
    precondition(input.count == batch * columns && output.count == batch * outputStride)
    guard batch > 0 else { return }
    let share = batch * rows * columns < 50_000 ? rows : (rows + pool.threadCount - 1) / pool.threadCount
    // Whole strips of the tile layouts.
    let chunk = (share + 63) & ~63
    let taskCount = (rows + chunk - 1) / chunk
    let scratchCount = unsafe withWeight { weight in
      (unsafe momos_mosaic_scratch_count(weight, batch) + 15) & ~15
    }
    var scratch = try ScratchMemory(floatCount: taskCount * scratchCount)
    var scratchSpan = scratch.mutableSpan(of: Float.self)
    let product = unsafe Self.product(batch: batch, precision: precision)
    unsafe input.withUnsafeBufferPointer { inputBuffer in
      unsafe output.withUnsafeMutableBufferPointer { outputBuffer in
        unsafe scratchSpan.withUnsafeMutableBufferPointer { scratchBuffer in
          let memory = unsafe TileMemory(
            input: inputBuffer.baseAddress!, output: outputBuffer.baseAddress!,
            scratch: scratchBuffer.baseAddress!)
          pool.run(taskCount: taskCount) { task in
            let range = task * chunk..<min((task + 1) * chunk, rows)
            unsafe placement.withNumbers { _, rowNumbers in
              var operands = unsafe momos_batch(
                x: memory.input, x_stride: columns, y: memory.output, y_stride: outputStride, batch: batch,
                accumulate: placement?.adds == true ? 1 : 0, y_numbers: rowNumbers)
              unsafe withWeight { weight in
                unsafe product(
                  weight, &operands, range.lowerBound, range.upperBound, memory.scratch + task * scratchCount)
              }
            }
          }
        }
      }
    }
  }

  private typealias Product =
    @convention(c) (
      UnsafePointer<momos_mosaic_weight>?, UnsafePointer<momos_batch>?, Int, Int, UnsafeMutablePointer<Float>?
    ) -> Void

  private static func product(batch: Int, precision: Precision) -> Product {
    let kernels = unsafe InstructionSet.products
    if precision != .exact, batch >= InstructionSet.pairBatch,
      let pairs = unsafe kernels.multiply_mosaic_pairs
    {
      return unsafe pairs
    }
    return unsafe kernels.multiply_mosaic
  }

  private func withWeight<Result>(_ body: (UnsafePointer<momos_mosaic_weight>) -> Result) -> Result {
    let kernelStages = unsafe stages.map { mosaic, dictionary in
      unsafe dictionary.kernelStage(of: mosaic)
    }
    return withExtendedLifetime(stages) {
      unsafe kernelStages.withUnsafeBufferPointer { buffer in
        unsafe withRowScale { scale in
          var weight = unsafe momos_mosaic_weight(
            stages: buffer.baseAddress!, stage_count: buffer.count, columns: columns, row_scale: scale)
          return unsafe body(&weight)
        }
      }
    }
  }

  private func withRowScale<Result>(_ body: (UnsafePointer<Float>?) -> Result) -> Result {
    guard let rowScale else { return body(nil) }
    return unsafe rowScale.withUnsafeBufferPointer { unsafe body($0.baseAddress) }
  }
}

/// Memory shared by the tasks of one product; each writes rows and scratch of its own.
@unsafe
private struct TileMemory: @unchecked Sendable {
  let input: UnsafePointer<Float>
  let output: UnsafeMutablePointer<Float>
  let scratch: UnsafeMutablePointer<Float>
}
