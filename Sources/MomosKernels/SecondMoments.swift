import CMomosKernels

/// The sums over inputs x of `x[i] * x[j]`, `[columns, columns]`.
///
/// Groups of 64 rows of what one call adds (the last may be shorter) are summed in float32 in order, then added in
/// float64 one after the other: results depend on the calls, not on the thread count or the instruction set.
public struct SecondMoments: Sendable {
  public let columns: Int
  /// Upper half; what lies below the diagonal has no meaning.
  private var sums: [Double]

  public init(columns: Int) {
    precondition(columns > 0)
    self.columns = columns
    sums = [Double](repeating: 0, count: columns * columns)
  }

  /// - Parameter inputs: `[count, columns]`, finite.
  public mutating func add(_ inputs: Span<Float>, pool: ThreadPool) {
    let count = inputs.count / columns
    precondition(inputs.count == count * columns)
    guard count > 0 else { return }
    let columns = columns
    unsafe inputs.withUnsafeBufferPointer { inputs in
      unsafe sums.withUnsafeMutableBufferPointer { sums in
        let memory = unsafe MomentMemory(inputs: inputs.baseAddress!, sums: sums.baseAddress!)
        pool.runChunks(of: columns, chunk: 96) { rows in
          unsafe withFittingScratch(byteCount: Int(MOMOS_FIT_PRODUCT_SCRATCH)) { scratch in
            unsafe InstructionSet.fitting.add_moments(
              memory.inputs, count, columns, rows.lowerBound, rows.upperBound, memory.sums, scratch)
          }
        }
      }
    }
  }

  /// The sums so far, symmetric.
  public var matrix: [Double] {
    var matrix = sums
    for row in 0..<columns {
      for column in 0..<row { matrix[row * columns + column] = matrix[column * columns + row] }
    }
    return matrix
  }

  /// Memory shared by the tasks of one call; each adds to rows of its own.
  @unsafe
  private struct MomentMemory: @unchecked Sendable {
    let inputs: UnsafePointer<Float>
    let sums: UnsafeMutablePointer<Double>
  }
}
