import CMomosKernels
public import MomosModel

/// Multiplies a dense float32 matrix by vectors: `output[b, i]` = sum over j of `matrix[i, j] * input[b, j]`.
@safe
public struct DenseMultiplier: Sendable {
  public let rows: Int
  public let columns: Int
  private let matrix: Bytes

  /// - Parameter matrix: `[rows, columns]` of any floating-point type; copied only where it is not float32.
  public init(_ matrix: Tensor) throws(ModelError) {
    precondition(matrix.shape.rank == 2)
    rows = matrix.shape[0]
    columns = matrix.shape[1]
    self.matrix = matrix.elementType == .float32 ? matrix.bytes : try Bytes(copying: matrix.floats())
  }

  /// - Parameters:
  ///   - input: `[batch, columns]`.
  ///   - output: `[batch, rows]`, overwritten.
  public func multiply(
    _ input: Span<Float>, batch: Int, into output: inout MutableSpan<Float>, pool: ThreadPool
  ) {
    precondition(input.count == batch * columns && output.count == batch * rows)
    guard batch > 0, rows > 0 else { return }
    let chunk = rows * columns < 20_000 ? rows : (rows + pool.threadCount - 1) / pool.threadCount
    let kernels = unsafe InstructionSet.table
    unsafe input.withUnsafeBufferPointer { inputBuffer in
      unsafe output.withUnsafeMutableBufferPointer { outputBuffer in
        unsafe matrix.bytes.withUnsafeBytes { matrixBytes in
          let memory = unsafe DenseMemory(
            matrix: matrixBytes.baseAddress!.assumingMemoryBound(to: Float.self),
            input: inputBuffer.baseAddress, output: outputBuffer.baseAddress!)
          pool.runChunks(of: rows, chunk: chunk) { range in
            for sample in 0..<batch {
              unsafe kernels.multiply_dense(
                memory.matrix, columns, memory.input.map { unsafe $0 + sample * columns }, range.lowerBound,
                range.upperBound, memory.output + sample * rows)
            }
          }
        }
      }
    }
  }
}

/// Memory shared by the tasks of one product; each writes rows of its own.
@unsafe
private struct DenseMemory: @unchecked Sendable {
  let matrix: UnsafePointer<Float>
  /// nil for a matrix without columns.
  let input: UnsafePointer<Float>?
  let output: UnsafeMutablePointer<Float>
}
