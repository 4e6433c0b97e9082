public import MomosKernels
public import MomosModel

/// A weight matrix `[rows, columns]` that operators multiply by; the only type of the runtime that knows mosaics.
public struct LinearWeight: Sendable {
  public let rows: Int
  public let columns: Int
  private let dense: [Float]

  /// A dense matrix `[rows, columns]` of any floating-point type.
  public init(dense matrix: Tensor) {
    precondition(matrix.shape.rank == 2)
    rows = matrix.shape[0]
    columns = matrix.shape[1]
    dense = matrix.floats()
  }

  /// `output[b, i]` = sum over j of `W[i, j] * input[b, j]`.
  ///
  /// - Parameters:
  ///   - input: `[batch, columns]`.
  ///   - output: `[batch, rows]`, overwritten.
  public func multiply(
    _ input: Span<Float>, batch: Int, into output: inout MutableSpan<Float>, pool: ThreadPool
  ) {
    precondition(input.count == batch * columns && output.count == batch * rows)
    for sample in 0..<batch {
      for row in 0..<rows {
        var sum: Float = 0
        for column in 0..<columns { sum += dense[row * columns + column] * input[sample * columns + column] }
        output[sample * rows + row] = sum
      }
    }
  }
}
