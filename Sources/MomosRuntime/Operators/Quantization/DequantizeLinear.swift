import MomosModel

/// (x - zero point) times the scale, rounded to the type of the scale or the one that the node states.
struct DequantizeLinear: Operator {
  private let attributes: QuantizationAttributes

  private static let outputTypes: [ElementType] = [.float32, .float16, .bfloat16]

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    attributes = try QuantizationAttributes(&context, outputTypeSince: 23)
    if let type = attributes.outputType, !Self.outputTypes.contains(type) {
      throw .attributeValue(
        context.label, attribute: "output_dtype", expected: "f32, f16 or bf16", found: type.name)
    }
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.quantized + [.int32])
    try inputs.require(1, in: Self.outputTypes)
    try inputs.require(2, in: [inputs[0].elementType])
    _ = try attributes.grid(inputs)
    return [ValueType(attributes.outputType ?? inputs[1].elementType, inputs[0].shape)]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let grid = try attributes.grid(InputTypes(call))
    return [try call[0].elementType.visit(Dequantization(call: call, grid: grid))]
  }
}

private struct Dequantization: NumberVisitor {
  let call: OperatorCall
  let grid: QuantizationGrid

  func visit<Number: RealNumber>(real number: Number.Type) throws(RuntimeError) -> Tensor {
    preconditionFailure("refused by inference")
  }

  func visit<Number: FixedWidthInteger & BitwiseCopyable>(
    integer number: Number.Type
  ) throws(RuntimeError) -> Tensor {
    let scale = try call.cast(call[1], to: .float32)
    let zeroPoint = try zeroPoints(like: scale, number)
    let elements = call[0].bytes.span(of: number)
    let scales = scale.bytes.span(of: Float.self)
    let zeros = zeroPoint.bytes.span(of: number)
    let type = call.outputTypes[0]
    let result = try call.tensor(ValueType(.float32, type.shape), of: Float.self, zeroed: false) {
      (target) throws(RuntimeError) in
      grid.forEachRun { run, scale, step in
        for (offset, index) in run.enumerated() {
          let place = scale + offset * step
          target[index] = Float(Int64(elements[index]) - Int64(zeros[place])) * scales[place]
        }
      }
    }
    return try call.cast(result, to: type.elementType)
  }

  /// The zero points; zeros if they are left out.
  private func zeroPoints<Number: BitwiseCopyable>(
    like scale: Tensor, _ number: Number.Type
  ) throws(RuntimeError) -> Tensor {
    if let zeroPoint = call.optional(2) { return zeroPoint }
    return try call.tensor(ValueType(call[0].elementType, scale.shape), of: number) { _ in }
  }
}
