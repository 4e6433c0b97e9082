import CMomosKernels

/// Products of matrices whose every sum runs over ascending columns of the left one, each operation rounded: results
/// depend neither on the thread count nor on the instruction set.
///
/// `output[i, j]` = (((start + left[i, 0] * right[0, j]) + left[i, 1] * right[1, j]) + ...), where the start is 0 or
/// what `output` holds. All matrices are row-major without gaps.
public enum FixedProduct {
  /// - Parameters:
  ///   - left: `[rows, inner]`.
  ///   - right: `[inner, columns]`.
  ///   - output: `[rows, columns]`.
  ///   - accumulates: whether sums start at what `output` holds.
  public static func multiply(
    _ left: Span<Float>, _ right: Span<Float>, rows: Int, inner: Int, columns: Int,
    into output: inout MutableSpan<Float>, accumulates: Bool = false, pool: ThreadPool
  ) {
    unsafe run(
      left, right, shape: Shape(rows: rows, inner: inner, columns: columns, accumulates: accumulates),
      into: &output, pool: pool, kernel: InstructionSet.fitting.multiply_f32)
  }

  public static func multiply(
    _ left: Span<Double>, _ right: Span<Double>, rows: Int, inner: Int, columns: Int,
    into output: inout MutableSpan<Double>, accumulates: Bool = false, pool: ThreadPool
  ) {
    unsafe run(
      left, right, shape: Shape(rows: rows, inner: inner, columns: columns, accumulates: accumulates),
      into: &output, pool: pool, kernel: InstructionSet.fitting.multiply_f64)
  }

  private struct Shape {
    let rows: Int
    let inner: Int
    let columns: Int
    let accumulates: Bool
  }

  private typealias Kernel<Value> =
    (
      UnsafePointer<momos_fixed_product>?, UnsafePointer<Value>?, UnsafePointer<Value>?,
      UnsafeMutablePointer<Value>?, UnsafeMutableRawPointer?
    ) -> Void

  /// Rows of one task: as many as the kernels pack at a time.
  private static let chunk = 96

  private static func run<Value>(
    _ left: Span<Value>, _ right: Span<Value>, shape: Shape, into output: inout MutableSpan<Value>,
    pool: ThreadPool, kernel: @escaping Kernel<Value>
  ) {
    precondition(shape.rows >= 0 && shape.inner >= 0 && shape.columns >= 0)
    precondition(left.count == shape.rows * shape.inner && right.count == shape.inner * shape.columns)
    precondition(output.count == shape.rows * shape.columns)
    guard output.count > 0 else { return }
    let (rows, inner, columns) = (shape.rows, shape.inner, shape.columns)
    let accumulates: Int32 = shape.accumulates ? 1 : 0
    unsafe left.withUnsafeBufferPointer { left in
      unsafe right.withUnsafeBufferPointer { right in
        unsafe output.withUnsafeMutableBufferPointer { output in
          let memory = unsafe ProductMemory(
            left: left.baseAddress, right: right.baseAddress, output: output.baseAddress!, kernel: kernel)
          pool.runChunks(of: rows, chunk: chunk) { range in
            var product = momos_fixed_product(
              rows: range.count, columns: columns, inner: inner, a_row_step: inner, a_inner_step: 1,
              b_stride: columns, c_stride: columns, accumulates: accumulates)
            unsafe withFittingScratch(byteCount: Int(MOMOS_FIT_PRODUCT_SCRATCH)) { scratch in
              unsafe memory.kernel(
                &product, memory.left.map { unsafe $0 + range.lowerBound * inner }, memory.right,
                memory.output + range.lowerBound * columns, scratch)
            }
          }
        }
      }
    }
  }

  /// Memory shared by the tasks of one product; each writes rows of its own. Empty operands have no address.
  @unsafe
  private struct ProductMemory<Value>: @unchecked Sendable {
    let left: UnsafePointer<Value>?
    let right: UnsafePointer<Value>?
    let output: UnsafeMutablePointer<Value>
    let kernel: Kernel<Value>
  }
}

/// Calls `body` with memory at a multiple of 64 bytes, of any content.
func withFittingScratch(byteCount: Int, _ body: (UnsafeMutableRawPointer) -> Void) {
  let scratch = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
  unsafe body(scratch)
  unsafe scratch.deallocate()
}
