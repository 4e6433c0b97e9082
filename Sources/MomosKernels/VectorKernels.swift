import CMomosKernels

/// Functions of one float32 element; error at most 4e-7 of the value plus 3e-43 (momos_vector.h).
public enum ElementFunction: Sendable, Hashable, CaseIterable {
  case identity
  case exp
  case tanh
  /// 1 / (1 + e^-x)
  case sigmoid
  /// The Gauss error function.
  case erf
  /// x / 2 (1 + erf(x / sqrt 2))
  case gelu
  /// x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))
  case geluTanh
  /// x / (1 + e^-x)
  case silu
  /// 0 for x < 0, otherwise x; NaN stays NaN.
  case relu
  case squareRoot
  case reciprocal

  fileprivate var kernel: momos_function {
    switch self {
    case .identity: MOMOS_IDENTITY
    case .exp: MOMOS_EXP
    case .tanh: MOMOS_TANH
    case .sigmoid: MOMOS_SIGMOID
    case .erf: MOMOS_ERF
    case .gelu: MOMOS_GELU
    case .geluTanh: MOMOS_GELU_TANH
    case .silu: MOMOS_SILU
    case .relu: MOMOS_RELU
    case .squareRoot: MOMOS_SQRT
    case .reciprocal: MOMOS_RECIPROCAL
    }
  }
}

/// Functions of two float32 elements, rounded once. A NaN on either side gives NaN.
public enum ElementOperation: Sendable, Hashable, CaseIterable {
  case add, subtract, multiply, divide, maximum, minimum

  fileprivate var kernel: momos_operation {
    switch self {
    case .add: MOMOS_ADD
    case .subtract: MOMOS_SUBTRACT
    case .multiply: MOMOS_MULTIPLY
    case .divide: MOMOS_DIVIDE
    case .maximum: MOMOS_MAXIMUM
    case .minimum: MOMOS_MINIMUM
    }
  }
}

/// Normalisation of rows: `(x - mean) / sqrt(variance + epsilon) * scale + bias`, or without the mean
/// `x / sqrt(mean of x^2 + epsilon) * scale + bias`.
public struct RowNormalization: Sendable {
  public let epsilon: Float
  public let subtractsMean: Bool

  public init(epsilon: Float, subtractsMean: Bool = true) {
    self.epsilon = epsilon
    self.subtractsMean = subtractsMean
  }
}

/// Element-wise functions and functions of rows, in float32 (momos_vector.h).
///
/// With a pool large inputs are split among its threads. Results depend neither on the pool nor on its size; they
/// may differ between instruction sets within the stated bounds. Nothing is allocated.
public enum VectorKernels {
  /// `output[i] = function(input[i])`; as many outputs as inputs.
  public static func map(
    _ function: ElementFunction, _ input: Span<Float>, into output: inout MutableSpan<Float>,
    pool: ThreadPool? = nil
  ) {
    precondition(input.count == output.count)
    unsafe withAddresses(input, &output) { memory in
      unsafe map(function, count: memory.count, memory, pool)
    }
  }

  /// `values[i] = function(values[i])`.
  public static func map(
    _ function: ElementFunction, inPlace values: inout MutableSpan<Float>, pool: ThreadPool? = nil
  ) {
    unsafe withAddresses(&values) { memory in unsafe map(function, count: memory.count, memory, pool) }
  }

  /// `output[i] = left[i] (operation) right[i]`. An operand of one element stands for that many equal ones.
  public static func combine(
    _ operation: ElementOperation, _ left: Span<Float>, _ right: Span<Float>,
    into output: inout MutableSpan<Float>, pool: ThreadPool? = nil
  ) {
    let steps = (left: step(left, output.count), right: step(right, output.count))
    unsafe right.withUnsafeBufferPointer { rightBuffer in
      let right = unsafe Operand(start: rightBuffer.baseAddress, step: steps.right)
      unsafe withAddresses(left, &output) { memory in
        unsafe combine(operation, memory, leftStep: steps.left, right, pool)
      }
    }
  }

  /// `values[i] = values[i] (operation) right[i]`; `right` has one element or as many as `values`.
  public static func combine(
    _ operation: ElementOperation, inPlace values: inout MutableSpan<Float>, _ right: Span<Float>,
    pool: ThreadPool? = nil
  ) {
    let step = step(right, values.count)
    unsafe right.withUnsafeBufferPointer { rightBuffer in
      let right = unsafe Operand(start: rightBuffer.baseAddress, step: step)
      unsafe withAddresses(&values) { memory in
        unsafe combine(operation, memory, leftStep: 1, right, pool)
      }
    }
  }

  /// `values[r, j] = function(values[r, j] * scale[j] + bias[j])` for `[rows, columns]`, the product not rounded.
  /// - Parameters:
  ///   - scale: `[columns]`; nil for ones.
  ///   - bias: `[columns]`; nil for zeros.
  public static func affineColumns(
    _ function: ElementFunction, inPlace values: inout MutableSpan<Float>, columns: Int,
    scale: Span<Float>? = nil, bias: Span<Float>? = nil, pool: ThreadPool? = nil
  ) {
    let rows = rowCount(values.count, columns)
    precondition((scale?.count ?? columns) == columns && (bias?.count ?? columns) == columns)
    unsafe withParameters(scale, bias) { scale, bias in
      let parameters = unsafe Parameters(scale: scale, bias: bias)
      unsafe withAddresses(&values) { memory in
        runRows(rows, columns, pool) { range in
          let start = unsafe memory.output + range.lowerBound * columns
          unsafe kernels.affine_columns(
            function.kernel, start, range.count, columns, parameters.scale, parameters.bias, start)
        }
      }
    }
  }

  /// `output[r, j] = e^(input[r, j] - maximum of row r)` divided by their sum, for `[rows, columns]`.
  ///
  /// A NaN, a +infinity or nothing but -infinity makes a row NaN.
  public static func softmax(
    _ input: Span<Float>, columns: Int, into output: inout MutableSpan<Float>, pool: ThreadPool? = nil
  ) {
    precondition(input.count == output.count)
    let rows = rowCount(output.count, columns)
    unsafe withAddresses(input, &output) { memory in unsafe softmax(rows, columns, memory, pool) }
  }

  public static func softmax(
    inPlace values: inout MutableSpan<Float>, columns: Int, pool: ThreadPool? = nil
  ) {
    let rows = rowCount(values.count, columns)
    unsafe withAddresses(&values) { memory in unsafe softmax(rows, columns, memory, pool) }
  }

  /// Normalises the rows of `[rows, columns]`.
  /// - Parameters:
  ///   - scale: `[columns]`; nil for ones.
  ///   - bias: `[columns]`; nil for zeros.
  public static func normalize(
    _ normalization: RowNormalization, _ input: Span<Float>, columns: Int, scale: Span<Float>? = nil,
    bias: Span<Float>? = nil, into output: inout MutableSpan<Float>, pool: ThreadPool? = nil
  ) {
    precondition(input.count == output.count)
    precondition((scale?.count ?? columns) == columns && (bias?.count ?? columns) == columns)
    let rows = rowCount(output.count, columns)
    unsafe withParameters(scale, bias) { scale, bias in
      let parameters = unsafe Parameters(scale: scale, bias: bias)
      unsafe withAddresses(input, &output) { memory in
        runRows(rows, columns, pool) { range in
          var kernel = unsafe momos_normalization(
            columns: columns, epsilon: normalization.epsilon,
            keeps_mean: normalization.subtractsMean ? 0 : 1, scale: parameters.scale, bias: parameters.bias,
            means: nil, inverse_deviations: nil)
          let start = range.lowerBound * columns
          unsafe kernels.normalize(&kernel, memory.input + start, range.count, memory.output + start)
        }
      }
    }
  }
}

extension VectorKernels {
  static var kernels: momos_vector_table { unsafe InstructionSet.vectors }

  /// Elements of one task.
  static let chunk = 32_768

  private static func map(
    _ function: ElementFunction, count: Int, _ memory: VectorMemory, _ pool: ThreadPool?
  ) {
    runChunks(of: count, chunk, pool) { range in
      unsafe kernels.map(
        function.kernel, memory.input + range.lowerBound, range.count, memory.output + range.lowerBound)
    }
  }

  private static func combine(
    _ operation: ElementOperation, _ memory: VectorMemory, leftStep: Int, _ right: Operand,
    _ pool: ThreadPool?
  ) {
    runChunks(of: unsafe memory.count, chunk, pool) { range in
      let first = range.lowerBound
      unsafe kernels.combine(
        operation.kernel, memory.input + first * leftStep, leftStep, right.start! + first * right.step,
        right.step, range.count, memory.output + first)
    }
  }

  private static func softmax(_ rows: Int, _ columns: Int, _ memory: VectorMemory, _ pool: ThreadPool?) {
    runRows(rows, columns, pool) { range in
      let start = range.lowerBound * columns
      unsafe kernels.softmax(memory.input + start, range.count, columns, memory.output + start)
    }
  }

  /// How far an operand moves from one output to the next.
  private static func step(_ operand: Span<Float>, _ count: Int) -> Int {
    precondition(operand.count == count || operand.count == 1)
    return operand.count == count ? 1 : 0
  }

  private static func rowCount(_ count: Int, _ columns: Int) -> Int {
    precondition(columns >= 0)
    guard columns > 0 else { return 0 }
    precondition(count % columns == 0)
    return count / columns
  }

  private static func runRows(
    _ rows: Int, _ columns: Int, _ pool: ThreadPool?, _ body: @Sendable (Range<Int>) -> Void
  ) {
    runChunks(of: rows, max(1, chunk / max(1, columns)), pool, body)
  }

  static func runChunks(
    of count: Int, _ chunk: Int, _ pool: ThreadPool?, _ body: @Sendable (Range<Int>) -> Void
  ) {
    guard count > chunk, let pool else {
      if count > 0 { body(0..<count) }
      return
    }
    pool.runChunks(of: count, chunk: chunk, body)
  }

  private static func withAddresses(
    _ input: Span<Float>, _ output: inout MutableSpan<Float>, _ body: (VectorMemory) -> Void
  ) {
    unsafe input.withUnsafeBufferPointer { inputBuffer in
      unsafe output.withUnsafeMutableBufferPointer { outputBuffer in
        guard let input = inputBuffer.baseAddress, let output = outputBuffer.baseAddress else { return }
        unsafe body(VectorMemory(input: input, output: output, count: outputBuffer.count))
      }
    }
  }

  private static func withAddresses(
    _ values: inout MutableSpan<Float>, _ body: (VectorMemory) -> Void
  ) {
    unsafe values.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return }
      unsafe body(VectorMemory(input: UnsafePointer(start), output: start, count: buffer.count))
    }
  }

  private static func withParameters(
    _ scale: Span<Float>?, _ bias: Span<Float>?,
    _ body: (UnsafePointer<Float>?, UnsafePointer<Float>?) -> Void
  ) {
    unsafe withAddress(scale) { scale in
      unsafe withAddress(bias) { bias in unsafe body(scale, bias) }
    }
  }
}

/// Memory shared by the tasks of one call; each writes elements of its own.
@unsafe
private struct VectorMemory: @unchecked Sendable {
  let input: UnsafePointer<Float>
  let output: UnsafeMutablePointer<Float>
  let count: Int
}

@unsafe
private struct Operand: @unchecked Sendable {
  let start: UnsafePointer<Float>?
  let step: Int
}

@unsafe
private struct Parameters: @unchecked Sendable {
  let scale: UnsafePointer<Float>?
  let bias: UnsafePointer<Float>?
}
