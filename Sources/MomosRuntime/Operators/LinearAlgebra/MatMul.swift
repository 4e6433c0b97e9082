import MomosModel

/// The product of two stacks of matrices, as `numpy.matmul`: leading axes broadcast, an operand of rank 1 is a
/// row on the left and a column on the right.
///
/// A right operand that is a matrix of the model is a linear weight. float16 and bfloat16 are computed in
/// float32 and rounded; a float64 mosaic is multiplied in float32.
struct MatMul: Operator {
  private let weight: LinearWeight?

  static func linearOperand(of node: Node, rank: (Int) -> Int?) -> LinearOperand? {
    LinearOperand(position: 1, view: .firstAxisIsInput(rank: 2))
  }

  init(_ context: inout OperatorContext) {
    weight = context.linearWeight
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint)
    try inputs.requireEqualElementTypes()
    guard let product = StackedProduct(inputs[0].shape.dimensions, inputs[1].shape.dimensions) else {
      throw inputs.mismatch(expected: "the last axis of the first to match the second's rows")
    }
    return [ValueType(inputs[0].elementType, try inputs.shape(product.resultDimensions))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let type = call.outputTypes[0]
    let arithmetic = weight == nil ? type.elementType.arithmetic : .float32
    let left = try call.converted(call[0], to: arithmetic)
    let result: Tensor
    if let weight {
      result = try call.product(left, weight, shape: type.shape)
    } else {
      let right = try call.converted(call[1], to: arithmetic)
      let computed = ValueType(arithmetic, type.shape)
      result =
        arithmetic == .float64
        ? try stacked(call, left, right, computed, Double.self)
        : try stacked(call, left, right, computed, Float.self)
    }
    return [try call.converted(result, to: type.elementType)]
  }

  private func stacked<Number: BinaryFloatingPoint & BitwiseCopyable>(
    _ call: OperatorCall, _ left: Tensor, _ right: Tensor, _ type: ValueType, _ number: Number.Type
  ) throws(RuntimeError) -> Tensor {
    guard let stack = StackedProduct(left.shape.dimensions, right.shape.dimensions) else {
      preconditionFailure("refused by inference")
    }
    let lefts = left.bytes.span(of: number)
    let rights = right.bytes.span(of: number)
    return try call.tensor(type, of: number) { (target) throws(RuntimeError) in
      guard type.shape.elementCount > 0 else { return }
      stack.forEachProduct { leftStart, rightStart, targetStart in
        stack.product.add(lefts, from: leftStart, rights, from: rightStart, to: &target, from: targetStart)
      }
    }
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
}
