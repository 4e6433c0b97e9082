import MomosKernels
import MomosModel

/// Numbers that matrices are multiplied in; integers wrap, so that those without a sign are multiplied as those with one.
protocol ProductNumber: BitwiseCopyable {
  static var zero: Self { get }
  /// A factor of Gemm; an integer where the number is.
  static func factor(_ number: Float) -> Self
  func plus(_ other: Self) -> Self
  func times(_ other: Self) -> Self
  /// As `ActivationProduct.multiply`.
  static func multiply(
    _ product: ActivationProduct, _ left: Span<Self>, _ right: Span<Self>,
    into output: inout MutableSpan<Self>,
    pool: ThreadPool
  ) throws(ModelError)
}

/// Real numbers that matrices are multiplied in.
protocol MatrixNumber: ProductNumber {
  /// `e^(x - maximum)` divided by their sum, in place.
  static func softmax(_ values: inout MutableSpan<Self>)
}

extension Float: MatrixNumber {
  static func factor(_ number: Float) -> Float { number }
  func plus(_ other: Float) -> Float { self + other }
  func times(_ other: Float) -> Float { self * other }

  static func multiply(
    _ product: ActivationProduct, _ left: Span<Float>, _ right: Span<Float>,
    into output: inout MutableSpan<Float>, pool: ThreadPool
  ) throws(ModelError) {
    var scratch = try ScratchMemory(floatCount: product.scratchCount(pool: pool))
    var span = scratch.mutableSpan(of: Float.self)
    product.multiply(left, right, into: &output, scratch: &span, pool: pool)
  }

  static func softmax(_ values: inout MutableSpan<Float>) {
    VectorKernels.softmax(inPlace: &values, columns: values.count)
  }
}

extension Double: MatrixNumber {
  static func factor(_ number: Float) -> Double { Double(number) }

  static func softmax(_ values: inout MutableSpan<Double>) {
    var maximum = -Double.infinity
    for index in values.indices { maximum = max(maximum, values[index]) }
    var sum = 0.0
    for index in values.indices {
      values[index] = exponential(values[index] - maximum)
      sum += values[index]
    }
    for index in values.indices { values[index] /= sum }
  }
}

extension Int32: ProductNumber {
  static func factor(_ number: Float) -> Int32 { Int32(exactly: number) ?? 1 }
}

extension Int64: ProductNumber {
  static func factor(_ number: Float) -> Int64 { Int64(exactly: number) ?? 1 }
}

extension ProductNumber {
  /// For numbers that no kernel has; sums run over the inner dimension in ascending order.
  static func multiply(
    _ product: ActivationProduct, _ left: Span<Self>, _ right: Span<Self>,
    into output: inout MutableSpan<Self>,
    pool: ThreadPool
  ) throws(ModelError) {
    for matrix in 0..<product.batch {
      for row in 0..<product.rows {
        let start = matrix * product.output.step + row * product.output.rowStride
        var target = output.part(start..<(start + product.columns))
        target.update(repeating: .zero)
        let factors = left.extracting(
          (matrix * product.left.step + row * product.left.rowStride)...
        ).extracting(first: product.inner)
        let isTransposed = product.isRightTransposed
        let distance = isTransposed ? product.right.rowStride : 1
        for step in 0..<product.inner {
          let place = matrix * product.right.step + step * (isTransposed ? 1 : product.right.rowStride)
          for column in 0..<product.columns {
            target[column] = target[column].plus(factors[step].times(right[place + column * distance]))
          }
        }
      }
    }
  }
}

/// Products of matrices that lie somewhere in two tensors.
struct MatrixProducts {
  /// One batch: what is multiplied, and where the first matrix of each operand and of the result starts.
  struct Batch {
    let product: ActivationProduct
    var left = 0
    var right = 0
    var target = 0
  }

  let call: OperatorCall
  let left: Tensor
  let right: Tensor
  /// Of the result; the element type is that of the operands too, and one of those in which products are computed.
  let type: ValueType
  let batches: [Batch]

  /// The tensor of the results.
  func callAsFunction() throws(RuntimeError) -> Tensor {
    switch type.elementType {
    case .float32: try products(Float.self)
    case .float64: try products(Double.self)
    case .int32, .uint32: try products(Int32.self)
    default: try products(Int64.self)
    }
  }

  private func products<Number: ProductNumber>(_ number: Number.Type) throws(RuntimeError) -> Tensor {
    let (lefts, rights) = (left.bytes.span(of: number), right.bytes.span(of: number))
    var memory = try call.memory(type)
    var target = memory.elements(of: number)
    for batch in batches where !target.isEmpty {
      var results = target.part(batch.target..<target.count)
      do throws(ModelError) {
        try Number.multiply(
          batch.product, lefts.extracting(batch.left...), rights.extracting(batch.right...), into: &results,
          pool: call.pool)
      } catch {
        throw .model(error, place: call.label.description)
      }
    }
    return memory.tensor()
  }
}

extension ElementType {
  /// The type in which products are computed: float32 for float16 and bfloat16, int32 for narrower integers, whose low
  /// bits are the same.
  var productArithmetic: ElementType {
    isFloatingPoint || byteCount >= 4 ? arithmetic : .int32
  }
}
