import CMomosKernels
public import MomosModel

/// Attention of several heads in one pass: `output = softmax(scale * query key' + bias) value` for every head, in
/// float32. Of all scores only those of a few queries exist at a time.
///
/// Sums as in `ActivationProduct`, softmax as in `VectorKernels`. Results do not depend on the thread count; they may
/// differ between instruction sets within those bounds.
public struct AttentionProduct: Sendable, Hashable {
  /// Where the matrices of the heads lie in a tensor: elements from one sample, one head and one row to the next.
  public struct Layout: Sendable, Hashable {
    public var sample: Int
    public var head: Int
    public var row: Int

    public init(sample: Int, head: Int, row: Int) {
      self.sample = sample
      self.head = head
      self.row = row
    }
  }

  /// How many of each there are.
  public struct Sizes: Sendable, Hashable {
    public var samples: Int
    public var heads: Int
    public var queries: Int
    public var keys: Int
    /// Elements of a query and of a key.
    public var inner: Int
    /// Elements of a value.
    public var columns: Int

    public init(samples: Int, heads: Int, queries: Int, keys: Int, inner: Int, columns: Int) {
      self.samples = samples
      self.heads = heads
      self.queries = queries
      self.keys = keys
      self.inner = inner
      self.columns = columns
    }

    var isEmpty: Bool { min(samples, heads, queries, keys) <= 0 || min(inner, columns) <= 0 }
  }

  public let sizes: Sizes
  public let query: Layout
  /// Rows are keys, or elements of keys if the keys lie transposed.
  public let key: Layout
  public let hasTransposedKeys: Bool
  public let value: Layout
  public let output: Layout
  /// Of the bias, `[keys]` in each row; strides of 0 repeat it.
  public let bias: Layout
  public let scale: Float

  /// - Parameters:
  ///   - sizes: at least 1 each.
  ///   - output: its matrices must not overlap.
  public init(
    sizes: Sizes, scale: Float, query: Layout, key: Layout, hasTransposedKeys: Bool = false, value: Layout,
    output: Layout, bias: Layout = Layout(sample: 0, head: 0, row: 0)
  ) {
    precondition(!sizes.isEmpty)
    self.sizes = sizes
    self.scale = scale
    self.query = query
    self.key = key
    self.hasTransposedKeys = hasTransposedKeys
    self.value = value
    self.output = output
    self.bias = bias
    for layout in [query, key, value, output, bias] {
      precondition(layout.sample >= 0 && layout.head >= 0 && layout.row >= 0)
    }
    precondition(query.row >= sizes.inner && value.row >= sizes.columns && output.row >= sizes.columns)
    precondition(key.row >= keyWidth)
  }

  /// Most queries whose scores exist at a time, on each thread.
  private static let blockQueries = 64

  /// - Parameters:
  ///   - query: from the first element of the first matrix on, as the others.
  ///   - bias: nil for zeros.
  ///   - output: elements of the matrices are overwritten, those between them stay.
  public func execute(
    _ query: Span<Float>, _ key: Span<Float>, _ value: Span<Float>, bias: Span<Float>? = nil,
    into output: inout MutableSpan<Float>, pool: ThreadPool
  ) throws(ModelError) {
    precondition(query.count >= extent(self.query, rows: sizes.queries, width: sizes.inner))
    precondition(key.count >= extent(self.key, rows: keyRows, width: keyWidth))
    precondition(value.count >= extent(self.value, rows: sizes.keys, width: sizes.columns))
    precondition(output.count >= extent(self.output, rows: sizes.queries, width: sizes.columns))
    if let bias { precondition(bias.count >= extent(self.bias, rows: sizes.queries, width: sizes.keys)) }
    var scratchMemory = try ScratchMemory(floatCount: taskCount(pool) * taskScratchCount)
    var scratch = scratchMemory.mutableSpan(of: Float.self)
    unsafe withAddress(bias) { bias in
      unsafe query.withUnsafeBufferPointer { query in
        unsafe key.withUnsafeBufferPointer { key in
          unsafe value.withUnsafeBufferPointer { value in
            unsafe output.withUnsafeMutableBufferPointer { output in
              unsafe scratch.withUnsafeMutableBufferPointer { scratch in
                unsafe execute(
                  AttentionMemory(
                    query: query.baseAddress!, key: key.baseAddress!, value: value.baseAddress!, bias: bias,
                    output: output.baseAddress!, scratch: scratch.baseAddress!), pool)
              }
            }
          }
        }
      }
    }
  }

  private func execute(_ memory: AttentionMemory, _ pool: ThreadPool) {
    let (taskCount, scratchCount) = (taskCount(pool), taskScratchCount)
    pool.run(taskCount: taskCount) { task in
      for block in task * blockCount / taskCount..<(task + 1) * blockCount / taskCount {
        unsafe executeBlock(block, memory, memory.scratch + task * scratchCount)
      }
    }
  }

  /// Some queries of one head: scores, probabilities, then their sums of values.
  private func executeBlock(_ block: Int, _ memory: AttentionMemory, _ scratch: UnsafeMutablePointer<Float>) {
    let (matrix, part) = block.quotientAndRemainder(dividingBy: queryBlocks)
    let (sample, head) = matrix.quotientAndRemainder(dividingBy: sizes.heads)
    let first = part * Self.blockQueries
    let count = min(Self.blockQueries, sizes.queries - first)
    func start(_ layout: Layout, _ row: Int = 0) -> Int {
      sample * layout.sample + head * layout.head + row * layout.row
    }
    let scores = unsafe scratch + productScratchCount
    var keys = unsafe keyFactor(memory.key + start(key))
    var values = unsafe valueFactor(memory.value + start(value))
    unsafe multiply(memory.query + start(query, first), query.row, &keys, scores, sizes.keys, count, scratch)
    unsafe InstructionSet.vectors.scaled_softmax(
      scores, count, sizes.keys, scale, memory.bias.map { unsafe $0 + start(bias, first) }, bias.row, scores)
    unsafe multiply(
      scores, sizes.keys, &values, memory.output + start(output, first), output.row, count, scratch)
  }

  private func multiply(
    _ left: UnsafePointer<Float>, _ leftStride: Int, _ right: inout momos_factor,
    _ result: UnsafeMutablePointer<Float>, _ resultStride: Int, _ rows: Int,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    var finish = unsafe momos_finish(
      scale: nil, bias: nil, residual: nil, lower: -.infinity, upper: .infinity)
    var range = unsafe momos_product_range(
      row_begin: 0, row_end: rows, pixel_begin: 0, pixel_end: right.pixels)
    unsafe InstructionSet.products.multiply_activations(
      left, leftStride, &right, result, resultStride, &finish, &range, scratch)
  }

  private func keyFactor(_ start: UnsafePointer<Float>?) -> momos_factor {
    unsafe momos_factor(
      b: start, b_stride: key.row, is_transposed: hasTransposedKeys ? 0 : 1, columns: sizes.inner,
      pixels: sizes.keys)
  }

  private func valueFactor(_ start: UnsafePointer<Float>?) -> momos_factor {
    unsafe momos_factor(
      b: start, b_stride: value.row, is_transposed: 0, columns: sizes.keys, pixels: sizes.columns)
  }

  private var queryBlocks: Int { (sizes.queries + Self.blockQueries - 1) / Self.blockQueries }
  private var blockCount: Int { sizes.samples * sizes.heads * queryBlocks }

  private func taskCount(_ pool: ThreadPool) -> Int {
    let work = sizes.queries * sizes.keys * (sizes.inner + sizes.columns) * sizes.samples * sizes.heads
    return work < 200_000 ? 1 : min(pool.threadCount, blockCount)
  }

  /// Floats of scratch of one task, a multiple of a cache line.
  private var taskScratchCount: Int {
    productScratchCount + (min(Self.blockQueries, sizes.queries) * sizes.keys + 15) & ~15
  }

  private var productScratchCount: Int {
    var factors = (unsafe keyFactor(nil), unsafe valueFactor(nil))
    let counts = unsafe (
      momos_product_scratch_count(&factors.0), momos_product_scratch_count(&factors.1)
    )
    return (max(counts.0, counts.1) + 15) & ~15
  }

  private var keyRows: Int { hasTransposedKeys ? sizes.inner : sizes.keys }
  private var keyWidth: Int { hasTransposedKeys ? sizes.keys : sizes.inner }

  /// Elements from the first one of an operand to behind the last one.
  private func extent(_ layout: Layout, rows: Int, width: Int) -> Int {
    (sizes.samples - 1) * layout.sample + (sizes.heads - 1) * layout.head + (rows - 1) * layout.row + width
  }
}

/// Memory shared by the tasks of one attention; each writes outputs and scratch of its own.
@unsafe
private struct AttentionMemory: @unchecked Sendable {
  let query: UnsafePointer<Float>
  let key: UnsafePointer<Float>
  let value: UnsafePointer<Float>
  let bias: UnsafePointer<Float>?
  let output: UnsafeMutablePointer<Float>
  let scratch: UnsafeMutablePointer<Float>
}
