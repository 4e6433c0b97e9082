import MomosKernels
import MomosModel

/// The product of two stacks of matrices, as `numpy.matmul`: leading axes broadcast, an operand of rank 1 is a
/// row on the left and a column on the right.
///
/// A right operand that is a matrix of the model is a linear weight. float16 and bfloat16 are computed in
/// float32 and rounded; a float64 mosaic is multiplied in float32. Integers wrap.
struct MatMul: Operator {
  private let weight: LinearWeight?

  static func linearOperand(of node: Node, rank: (Int) -> Int?) -> LinearOperand? {
    LinearOperand(position: 1, view: .firstAxisIsInput(rank: 2))
  }

  init(_ context: inout OperatorContext) {
    weight = context.linearWeight
  }

  var weightArrangement: WeightArrangement? { .rows }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.products)
    try inputs.requireEqualElementTypes()
    guard let product = StackedProduct(inputs[0].shape.dimensions, inputs[1].shape.dimensions) else {
      throw inputs.mismatch(expected: "the last axis of the first to match the second's rows")
    }
    return [ValueType(inputs[0].elementType, try inputs.shape(product.resultDimensions))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let type = call.outputTypes[0]
    let arithmetic = weight == nil ? type.elementType.arithmetic : .float32
    let left = try call.cast(call[0], to: arithmetic)
    let result: Tensor
    if let weight {
      result = try call.product(left, weight, shape: type.shape)
    } else {
      let right = try call.cast(call[1], to: arithmetic)
      guard let stack = StackedProduct(left.shape.dimensions, right.shape.dimensions) else {
        preconditionFailure("refused by inference")
      }
      result = try MatrixProducts(
        call: call, left: left, right: right, type: ValueType(arithmetic, type.shape), batches: stack.batches)()
    }
    return [try call.cast(result, to: type.elementType)]
  }
}

/// How two stacks of matrices are paired.
struct StackedProduct {
  let product: MatrixProduct
  let resultDimensions: [Int]
  private let stack: [Int]
  private let leftStack: [Int]
  private let rightStack: [Int]

  /// nil if the shapes do not fit, or one is a scalar.
  init?(_ left: [Int], _ right: [Int]) {
    guard !left.isEmpty, !right.isEmpty else { return nil }
    let leftMatrix = left.count == 1 ? [1] + left : left
    let rightMatrix = right.count == 1 ? right + [1] : right
    leftStack = Array(leftMatrix.dropLast(2))
    rightStack = Array(rightMatrix.dropLast(2))
    guard let stack = Broadcasting.dimensions([leftStack, rightStack]) else { return nil }
    self.stack = stack
    let leftSizes = leftMatrix.suffix(2).map { $0 }
    let rightSizes = rightMatrix.suffix(2).map { $0 }
    guard leftSizes[1] == rightSizes[0] else { return nil }
    product = MatrixProduct(rows: leftSizes[0], inner: leftSizes[1], columns: rightSizes[1])
    resultDimensions =
      stack + (left.count == 1 ? [] : [leftSizes[0]]) + (right.count == 1 ? [] : [rightSizes[1]])
  }

  /// Calls `body` with where each pair of matrices and its result start.
  func forEachProduct(_ body: (_ left: Int, _ right: Int, _ target: Int) -> Void) {
    var walk = BroadcastWalk(operands: [leftStack, rightStack], to: stack)
    while walk.next() {
      for index in 0..<walk.runLength {
        body(
          (walk.operandStarts[0] + index * walk.steps[0]) * product.rows * product.inner,
          (walk.operandStarts[1] + index * walk.steps[1]) * product.inner * product.columns,
          (walk.start + index) * product.rows * product.columns)
      }
    }
  }

  /// The products as few batches as the kernels can take.
  var batches: [MatrixProducts.Batch] {
    let (rows, inner, columns) = (product.rows, product.inner, product.columns)
    var batches: [MatrixProducts.Batch] = []
    guard rows > 0, columns > 0 else { return batches }
    var walk = BroadcastWalk(operands: [leftStack, rightStack], to: stack)
    while walk.next() {
      // Matrices that lie below each other, times one and the same, are one matrix.
      let isOne = walk.steps[0] == 1 && walk.steps[1] == 0
      let batch =
        isOne
        ? ActivationProduct(rows: rows * walk.runLength, inner: inner, columns: columns)
        : ActivationProduct(
          rows: rows, inner: inner, columns: columns, batch: walk.runLength,
          left: .init(rowStride: inner, step: walk.steps[0] * rows * inner),
          right: .init(rowStride: columns, step: walk.steps[1] * inner * columns))
      batches.append(
        MatrixProducts.Batch(
          product: batch, left: walk.operandStarts[0] * rows * inner,
          right: walk.operandStarts[1] * inner * columns, target: walk.start * rows * columns))
    }
    return batches
  }
}

extension ElementType {
  /// The types of the elements of matrices that are multiplied.
  static let products: [ElementType] = floatingPoint + [.int32, .int64, .uint32, .uint64]
}
