import MomosKernels
import MomosModel

/// Numbers that matrices are multiplied in.
protocol MatrixNumber: BitwiseCopyable {
  /// As `ActivationProduct.multiply`.
  static func multiply(
    _ product: ActivationProduct, _ left: Span<Self>, _ right: Span<Self>,
    into output: inout MutableSpan<Self>,
    pool: ThreadPool
  ) throws(ModelError)

  /// `e^(x - maximum)` divided by their sum, in place.
  static func softmax(_ values: inout MutableSpan<Self>)
}

extension Float: MatrixNumber {
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
  static func multiply(
    _ product: ActivationProduct, _ left: Span<Double>, _ right: Span<Double>,
    into output: inout MutableSpan<Double>, pool: ThreadPool
  ) {
    product.sum(left, right, into: &output) { $0 + $1 * $2 }
  }

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

extension ActivationProduct {
  /// The product in numbers that no kernel has; sums run over the inner dimension in ascending order.
  ///
  /// - Parameter addProduct: of the sum so far, an element of `left` and one of `right`.
  @inline(__always)
  func sum<Number: BitwiseCopyable & ExpressibleByIntegerLiteral>(
    _ left: Span<Number>, _ right: Span<Number>, into output: inout MutableSpan<Number>,
    _ addProduct: (Number, Number, Number) -> Number
  ) {
    for matrix in 0..<batch {
      for row in 0..<rows {
        let start = matrix * self.output.step + row * self.output.rowStride
        var target = output.part(start..<(start + columns))
        target.update(repeating: 0)
        let factors = left.extracting(
          (matrix * self.left.step + row * self.left.rowStride)...
        ).extracting(first: inner)
        for step in 0..<inner {
          let place = matrix * self.right.step + step * (isRightTransposed ? 1 : self.right.rowStride)
          let distance = isRightTransposed ? self.right.rowStride : 1
          for column in 0..<columns {
            target[column] = addProduct(target[column], factors[step], right[place + column * distance])
          }
        }
      }
    }
  }
}

/// Products of matrices that lie somewhere in two tensors.
struct MatrixProducts: NumberVisitor {
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
  /// Of the result; the element type is that of the operands too.
  let type: ValueType
  let batches: [Batch]

  /// The tensor of the results.
  func callAsFunction() throws(RuntimeError) -> Tensor {
    try type.elementType.visit(self)
  }

  func visit<Number: RealNumber>(real: Number.Type) throws(RuntimeError) -> Tensor {
    let (lefts, rights) = (left.bytes.span(of: real), right.bytes.span(of: real))
    return try call.tensor(type, of: real, zeroed: false) { (target) throws(RuntimeError) in
      guard !target.isEmpty else { return }
      for batch in batches {
        var results = target.part(batch.target..<target.count)
        do throws(ModelError) {
          try Number.multiply(
            batch.product, lefts.extracting(batch.left...), rights.extracting(batch.right...), into: &results,
            pool: call.pool)
        } catch {
          throw .model(error, place: call.label.description)
        }
      }
    }
  }

  func visit<Number: FixedWidthInteger & BitwiseCopyable>(
    integer: Number.Type
  ) throws(RuntimeError) -> Tensor {
    let (lefts, rights) = (left.bytes.span(of: integer), right.bytes.span(of: integer))
    return try call.tensor(type, of: integer, zeroed: false) { (target) throws(RuntimeError) in
      guard !target.isEmpty else { return }
      for batch in batches {
        var results = target.part(batch.target..<target.count)
        batch.product.sum(lefts.extracting(batch.left...), rights.extracting(batch.right...), into: &results)
        {
          $0 &+ $1 &* $2
        }
      }
    }
  }
}
