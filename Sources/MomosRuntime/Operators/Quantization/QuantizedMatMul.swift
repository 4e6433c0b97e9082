import MomosModel

/// The product of two stacks of 8-bit matrices minus their zero points, as `numpy.matmul`, in int32; sums wrap.
struct MatMulInteger: Operator {
  init(_ context: inout OperatorContext) {}

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: [.int8, .uint8])
    try inputs.require(1, in: [.int8, .uint8])
    try inputs.require(2, in: [inputs[0].elementType])
    try inputs.require(3, in: [inputs[1].elementType])
    try MatrixParameter.rows.check(2, of: 0, inputs)
    try MatrixParameter.columns.check(3, of: 1, inputs)
    return [ValueType(.int32, try inputs.productShape(0, 1))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let left = try call.centeredMatrix(0, zeroPoint: 2, .rows)
    let right = try call.centeredMatrix(1, zeroPoint: 3, .columns)
    return [try call.integerProduct(left, right, shape: call.outputTypes[0].shape)]
  }
}

/// The product of two stacks of quantized matrices, quantized: their integer product times
/// `a_scale * b_scale / y_scale`, rounded to nearest, ties to even, plus the zero point of the result, saturated.
struct QLinearMatMul: Operator {
  init(_ context: inout OperatorContext) {}

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    for (position, zeroPoint) in [(0, 2), (3, 5)] {
      try inputs.require(position, in: [.int8, .uint8])
      try inputs.require(zeroPoint, in: [inputs[position].elementType])
    }
    try inputs.require(7, in: [.int8, .uint8])
    for position in [1, 4, 6] { try inputs.require(position, in: [.float32, .float16, .bfloat16]) }
    for position in [1, 2] { try MatrixParameter.rows.check(position, of: 0, inputs) }
    for position in [4, 5] { try MatrixParameter.columns.check(position, of: 3, inputs) }
    for position in [6, 7] where inputs[position].shape.elementCount != 1 {
      throw .shapes(
        inputs.label, expected: "one element as input \(position)", found: [inputs[position].shape])
    }
    let shape = try inputs.productShape(0, 3)
    let scales = [
      MatrixParameter.rows.shape(of: inputs[1].shape, for: inputs[0].shape),
      MatrixParameter.columns.shape(of: inputs[4].shape, for: inputs[3].shape),
    ]
    guard Broadcasting.dimensions(scales + [shape.dimensions]) == shape.dimensions else {
      throw inputs.mismatch(expected: "scales that broadcast to the product \(shape)")
    }
    return [ValueType(inputs[7].elementType, shape)]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let left = try call.centeredMatrix(0, zeroPoint: 2, .rows)
    let right = try call.centeredMatrix(3, zeroPoint: 5, .columns)
    let shape = call.outputTypes[0].shape
    let product = try call.integerProduct(left, right, shape: shape)
    let scales = try resultScales(call)
    return [try call.requantized(product, by: scales, zeroPoint: call[7])]
  }

  /// `a_scale * b_scale / y_scale`, in a shape that broadcasts to the result.
  private func resultScales(_ call: OperatorCall) throws(RuntimeError) -> Tensor {
    let lefts = try call.parameter(1, .rows, of: 0)
    let rights = try call.parameter(4, .columns, of: 3)
    guard let dimensions = Broadcasting.dimensions([lefts.shape.dimensions, rights.shape.dimensions]) else {
      throw .shapes(call.label, expected: "scales that broadcast", found: [lefts.shape, rights.shape])
    }
    let result = try call.cast(call[6], to: .float32)
    let divisor = result.bytes.span(of: Float.self)[0]
    let type = ValueType(.float32, try call.shape(dimensions))
    return try call.combined(lefts, rights, type, Float.self) { $0 * $1 / divisor }
  }
}

extension InputTypes {
  /// The shape of the product of two stacks of matrices.
  func productShape(_ left: Int, _ right: Int) throws(RuntimeError) -> Shape {
    guard let product = StackedProduct(self[left].shape.dimensions, self[right].shape.dimensions) else {
      throw mismatch(expected: "the last axis of the first to match the second's rows")
    }
    return try shape(product.resultDimensions)
  }
}

extension OperatorCall {
  /// int32 values times scales that broadcast to them, rounded to nearest, ties to even, plus a zero point, as the
  /// nearest value of the zero point's type.
  func requantized(
    _ values: Tensor, by scales: Tensor, zeroPoint: Tensor
  ) throws(RuntimeError) -> Tensor {
    let wide = try cast(values, to: .float64)
    let zeros = try cast(zeroPoint, to: .float64)
    let zero = zeros.bytes.span(of: Double.self)[0]
    let result = try combined(wide, try cast(scales, to: .float64), wide.type, Double.self) {
      ($0 * $1).rounded(.toNearestOrEven) + zero
    }
    return try cast(result, to: zeroPoint.elementType)
  }
}
