import CMomosKernels
public import MomosModel

/// Multiplies a dense matrix by vectors: `output[b, i]` = sum over j of `matrix[i, j] * input[b, j]`, in float32.
///
/// Relative error at most 2e-6 for 4096 columns of normal weights and inputs (momos_gemm.h), 3e-3 in class `fast` for
/// batches of 16 and more of bfloat16 weights, which processors with such instructions multiply in pairs. Results do not depend on
/// the thread count; they may differ between instruction sets within that bound.
@safe
public struct DenseMultiplier: Sendable {
  public let rows: Int
  public let columns: Int
  private let weights: Bytes
  private let type: momos_weight_type

  /// - Parameter matrix: `[rows, columns]` of any floating-point type. float16, bfloat16 and float32 are used as
  ///   they lie; float64 is copied as float32.
  public init(_ matrix: Tensor) throws(ModelError) {
    precondition(matrix.shape.rank == 2)
    rows = matrix.shape[0]
    columns = matrix.shape[1]
    switch matrix.elementType {
    case .float32: (weights, type) = (matrix.bytes, MOMOS_WEIGHT_F32)
    case .float16: (weights, type) = (matrix.bytes, MOMOS_WEIGHT_F16)
    case .bfloat16: (weights, type) = (matrix.bytes, MOMOS_WEIGHT_BF16)
    default: (weights, type) = (try Bytes(copying: matrix.floats()), MOMOS_WEIGHT_F32)
    }
  }

  /// - Parameters:
  ///   - input: `[batch, columns]`.
  ///   - precision: `exact` never rounds inputs to bfloat16; weights are never rounded.
  ///   - output: `[batch, rows]`, overwritten.
  public func multiply(
    _ input: Span<Float>, batch: Int, precision: Precision = .exact, into output: inout MutableSpan<Float>,
    pool: ThreadPool
  ) throws(ModelError) {
    precondition(input.count == batch * columns && output.count == batch * rows)
    guard batch > 0, rows > 0 else { return }
    guard columns > 0 else { return output.update(repeating: 0) }
    let chunk = batch * rows * columns < 50_000 ? rows : (rows + pool.threadCount - 1) / pool.threadCount
    let taskCount = (rows + chunk - 1) / chunk
    let scratchCount = (self.scratchCount(batch: batch) + 15) & ~15
    var scratch = try ScratchMemory(floatCount: taskCount * scratchCount)
    var scratchSpan = scratch.mutableSpan(of: Float.self)
    let product = unsafe product(batch: batch, precision: precision)
    unsafe input.withUnsafeBufferPointer { inputBuffer in
      unsafe output.withUnsafeMutableBufferPointer { outputBuffer in
        unsafe scratchSpan.withUnsafeMutableBufferPointer { scratchBuffer in
          let memory = unsafe DenseMemory(
            input: inputBuffer.baseAddress!, output: outputBuffer.baseAddress!,
            scratch: scratchBuffer.baseAddress!)
          pool.run(taskCount: taskCount) { task in
            var operands = unsafe momos_batch(
              x: memory.input, x_stride: columns, y: memory.output, y_stride: rows, batch: batch,
              accumulate: 0, y_numbers: nil)
            unsafe withWeight { weight in
              unsafe product(
                weight, &operands, task * chunk, min((task + 1) * chunk, rows),
                memory.scratch + task * scratchCount)
            }
          }
        }
      }
    }
  }

  private typealias Product =
    @convention(c) (
      UnsafePointer<momos_dense_weight>?, UnsafePointer<momos_batch>?, Int, Int, UnsafeMutablePointer<Float>?
    ) -> Void

  private func product(batch: Int, precision: Precision) -> Product {
    let kernels = unsafe InstructionSet.products
    if type == MOMOS_WEIGHT_BF16, precision != .exact, batch >= InstructionSet.pairBatch,
      let pairs = unsafe kernels.multiply_dense_pairs
    {
      return unsafe pairs
    }
    return unsafe kernels.multiply_dense
  }

  private func scratchCount(batch: Int) -> Int {
    unsafe withWeight { weight in unsafe momos_dense_scratch_count(weight, batch) }
  }

  private func withWeight<Result>(_ body: (UnsafePointer<momos_dense_weight>) -> Result) -> Result {
    unsafe weights.bytes.withUnsafeBytes { bytes in
      var weight = unsafe momos_dense_weight(
        weights: bytes.baseAddress!, type: type, columns: columns, row_stride: columns)
      return unsafe body(&weight)
    }
  }
}

/// Memory shared by the tasks of one product; each writes rows and scratch of its own.
@unsafe
private struct DenseMemory: @unchecked Sendable {
  let input: UnsafePointer<Float>
  let output: UnsafeMutablePointer<Float>
  let scratch: UnsafeMutablePointer<Float>
}
