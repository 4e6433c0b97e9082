import MomosModel

/// alpha A' B' + beta C, where A' and B' are A and B or, with `transA` and `transB`, their transposes, and C is
/// broadcast to the result.
///
/// A second operand that is a tensor of the model is a linear weight. float16 and bfloat16 are computed in
/// float32 and rounded once; a float64 mosaic is multiplied in float32.
struct Gemm: Operator {
  private let alpha: Float
  private let beta: Float
  private let isLeftTransposed: Bool
  private let isRightTransposed: Bool
  private let weight: LinearWeight?

  static func linearOperand(of node: Node, rank: (Int) -> Int?) -> LinearOperand? {
    let isTransposed = node.attribute("transB") == .int(1)
    return LinearOperand(
      position: 1, view: isTransposed ? .lastAxisIsInput(rank: 2) : .firstAxisIsInput(rank: 2))
  }

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    alpha = try context.attributes.float("alpha", default: 1)
    beta = try context.attributes.float("beta", default: 1)
    isLeftTransposed = try context.attributes.flag("transA", default: false)
    isRightTransposed = try context.attributes.flag("transB", default: false)
    weight = context.linearWeight
    if context.version < 11 && context.inputCount < 3 {
      throw .inputCount(context.label, expected: 3...3, found: context.inputCount)
    }
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint)
    try inputs.requireEqualElementTypes()
    let (left, right) = (inputs[0].shape, inputs[1].shape)
    guard left.rank == 2, right.rank == 2,
      left[isLeftTransposed ? 0 : 1] == right[isRightTransposed ? 1 : 0]
    else { throw inputs.mismatch(expected: "two matrices with equal inner dimensions") }
    let dimensions = [left[isLeftTransposed ? 1 : 0], right[isRightTransposed ? 0 : 1]]
    if let bias = inputs.optional(2)?.shape.dimensions {
      guard Broadcasting.dimensions([dimensions, bias]) == dimensions else {
        throw inputs.mismatch(expected: "the third to broadcast to \(dimensions)")
      }
    }
    return [ValueType(inputs[0].elementType, try inputs.shape(dimensions))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let elementType = call[0].elementType
    let arithmetic = weight == nil ? elementType.arithmetic : .float32
    let left = try call.converted(call[0], to: arithmetic)
    let result =
      arithmetic == .float64
      ? try scaled(call, try product(call, left, Double.self), Double.self)
      : try scaled(call, try product(call, left, Float.self), Float.self)
    return [try call.converted(result, to: elementType)]
  }

  /// A' B', in the type of `left`.
  private func product<Number: BinaryFloatingPoint & BitwiseCopyable>(
    _ call: OperatorCall, _ left: Tensor, _ number: Number.Type
  ) throws(RuntimeError) -> Tensor {
    let shape = call.outputTypes[0].shape
    let left = isLeftTransposed ? try call.transposed(left, [1, 0]) : left
    if let weight { return try call.product(left, weight, shape: shape) }
    let right = try call.converted(
      isRightTransposed ? try call.transposed(call[1], [1, 0]) : call[1], to: left.elementType)
    let lefts = left.bytes.span(of: number)
    let rights = right.bytes.span(of: number)
    let product = MatrixProduct(rows: shape[0], inner: left.shape[1], columns: shape[1])
    return try call.tensor(ValueType(left.elementType, shape), of: number) { (target) throws(RuntimeError) in
      product.add(lefts, from: 0, rights, from: 0, to: &target, from: 0)
    }
  }

  /// alpha times the product plus beta C, which a beta of 0 leaves out.
  private func scaled<Number: BinaryFloatingPoint & BitwiseCopyable>(
    _ call: OperatorCall, _ product: Tensor, _ number: Number.Type
  ) throws(RuntimeError) -> Tensor {
    let (alpha, beta) = (Number(alpha), Number(beta))
    guard beta != 0, let bias = call.optional(2) else {
      return alpha == 1 ? product : try call.mapped(product, number) { alpha * $0 }
    }
    let addend = try call.converted(bias, to: product.elementType)
    return try call.combined(product, addend, product.type, number) { alpha * $0 + beta * $1 }
  }
}
