import CMomosKernels

/// Products of matrices none of which is a weight: `output[b] = left[b] right[b]`, in float32, for a batch of them.
///
/// Relative error at most 2e-6 for inner dimensions of 4096 and normal values. Results do not depend on the thread
/// count; they may differ between instruction sets within that bound.
public struct ActivationProduct: Sendable, Hashable {
  /// A matrix of each operand: elements from one row to the next, and from one matrix of the batch to the next; a
  /// step of 0 uses the same matrix for all.
  public struct Layout: Sendable, Hashable {
    public var rowStride: Int
    public var step: Int

    public init(rowStride: Int, step: Int) {
      self.rowStride = rowStride
      self.step = step
    }
  }

  public let rows: Int
  public let inner: Int
  public let columns: Int
  /// True if the second operand lies as `[columns, inner]`.
  public let isRightTransposed: Bool
  public let batch: Int
  public let left: Layout
  public let right: Layout
  public let output: Layout

  /// - Parameters:
  ///   - left: `[rows, inner]`; nil for matrices one after the other without gaps, as for the others.
  ///   - right: `[inner, columns]`, or `[columns, inner]` if transposed.
  ///   - output: `[rows, columns]`; its matrices must not overlap.
  public init(
    rows: Int, inner: Int, columns: Int, isRightTransposed: Bool = false, batch: Int = 1, left: Layout? = nil,
    right: Layout? = nil, output: Layout? = nil
  ) {
    precondition(rows >= 0 && inner >= 0 && columns >= 0 && batch >= 0)
    self.rows = rows
    self.inner = inner
    self.columns = columns
    self.isRightTransposed = isRightTransposed
    self.batch = batch
    let rightWidth = isRightTransposed ? inner : columns
    self.left = left ?? Layout(rowStride: inner, step: rows * inner)
    self.right = right ?? Layout(rowStride: rightWidth, step: inner * columns)
    self.output = output ?? Layout(rowStride: columns, step: rows * columns)
    precondition(self.left.rowStride >= inner && self.left.step >= 0)
    precondition(self.right.rowStride >= rightWidth && self.right.step >= 0)
    precondition(self.output.rowStride >= columns && (batch < 2 || self.output.step > 0))
  }

  /// Floats of scratch that `multiply` wants with a pool.
  public func scratchCount(pool: ThreadPool) -> Int {
    guard isWork else { return 0 }
    return pieces(pool).taskCount * taskScratchCount + 16
  }

  /// - Parameters:
  ///   - left: all matrices, from the first element of the first one.
  ///   - output: elements of the matrices are overwritten, those between them stay.
  ///   - scratch: at least `scratchCount` floats, whatever their values.
  public func multiply(
    _ left: Span<Float>, _ right: Span<Float>, into output: inout MutableSpan<Float>,
    scratch: inout MutableSpan<Float>, pool: ThreadPool
  ) {
    guard batch > 0, rows > 0, columns > 0 else { return }
    precondition(output.count >= extent(self.output, rows: rows, width: columns))
    guard inner > 0 else { return clear(&output) }
    precondition(left.count >= extent(self.left, rows: rows, width: inner))
    precondition(
      right.count
        >= extent(
          self.right, rows: isRightTransposed ? columns : inner, width: isRightTransposed ? inner : columns))
    precondition(scratch.count >= scratchCount(pool: pool))
    unsafe left.withUnsafeBufferPointer { left in
      unsafe right.withUnsafeBufferPointer { right in
        unsafe output.withUnsafeMutableBufferPointer { output in
          unsafe scratch.withUnsafeMutableBufferPointer { scratch in
            unsafe multiply(
              ProductMemory(
                left: left.baseAddress!, right: right.baseAddress!, output: output.baseAddress!,
                scratch: scratch.alignedStart), pool: pool)
          }
        }
      }
    }
  }

  private func multiply(_ memory: ProductMemory, pool: ThreadPool) {
    let pieces = pieces(pool)
    let scratchCount = taskScratchCount
    let kernels = unsafe InstructionSet.products
    pool.run(taskCount: pieces.taskCount) { task in
      let scratch = unsafe memory.scratch + task * scratchCount
      pieces.forEach(of: task) { matrix, rows, columns in
        var factor = unsafe factor(memory.right + matrix * right.step)
        var finish = unsafe momos_finish(
          scale: nil, bias: nil, residual: nil, lower: -.infinity, upper: .infinity)
        var range = momos_product_range(
          row_begin: rows.lowerBound, row_end: rows.upperBound, pixel_begin: columns.lowerBound,
          pixel_end: columns.upperBound)
        unsafe kernels.multiply_activations(
          memory.left + matrix * left.step, left.rowStride, &factor, memory.output + matrix * output.step,
          output.rowStride, &finish, &range, scratch)
      }
    }
  }

  private func factor(_ right: UnsafePointer<Float>?) -> momos_factor {
    unsafe momos_factor(
      b: right, b_stride: self.right.rowStride, is_transposed: isRightTransposed ? 1 : 0, columns: inner,
      pixels: columns)
  }

  private var isWork: Bool { batch > 0 && rows > 0 && columns > 0 && inner > 0 }

  private func pieces(_ pool: ThreadPool) -> ProductPieces {
    ProductPieces(
      images: batch, rows: rows, pixels: columns, rowGranularity: 8, work: rows * inner * columns,
      threadCount: pool.threadCount)
  }

  /// Floats of scratch of one task, a multiple of a cache line.
  private var taskScratchCount: Int {
    var factor = unsafe factor(nil)
    return unsafe (momos_product_scratch_count(&factor) + 15) & ~15
  }

  /// Elements from the first one of an operand to behind the last one.
  private func extent(_ layout: Layout, rows: Int, width: Int) -> Int {
    (batch - 1) * layout.step + (rows - 1) * layout.rowStride + width
  }

  private func clear(_ output: inout MutableSpan<Float>) {
    for matrix in 0..<batch {
      for row in 0..<rows {
        let start = matrix * self.output.step + row * self.output.rowStride
        for column in 0..<columns { output[start + column] = 0 }
      }
    }
  }
}

/// Memory shared by the tasks of one product; each writes outputs and scratch of its own.
@unsafe
private struct ProductMemory: @unchecked Sendable {
  let left: UnsafePointer<Float>
  let right: UnsafePointer<Float>
  let output: UnsafeMutablePointer<Float>
  let scratch: UnsafeMutablePointer<Float>
}
