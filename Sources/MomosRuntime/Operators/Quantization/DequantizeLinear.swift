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
    let scale = try call.cast(call[1], to: .float32)
    let type = call.outputTypes[0]
    var memory = try call.memory(ValueType(.float32, type.shape))
    var target = memory.elements(of: Float.self)
    switch call[0].elementType {
    case .int8: try write(call, grid, scale, to: &target, Int8.self)
    case .uint8: try write(call, grid, scale, to: &target, UInt8.self)
    case .int16: try write(call, grid, scale, to: &target, Int16.self)
    case .uint16: try write(call, grid, scale, to: &target, UInt16.self)
    default: try write(call, grid, scale, to: &target, Int32.self)
    }
    return [try call.cast(memory.tensor(), to: type.elementType)]
  }

  private func write<Number: FixedWidthInteger & BitwiseCopyable>(
    _ call: OperatorCall, _ grid: QuantizationGrid, _ scale: Tensor, to target: inout MutableSpan<Float>,
    _ number: Number.Type
  ) throws(RuntimeError) {
    let elements = call[0].bytes.span(of: number)
    let scales = scale.bytes.span(of: Float.self)
    let zeroPoint = try zeroPoints(call, like: scale)
    let zeros = zeroPoint.bytes.span(of: number)
    grid.forEachRun { run, scale, step in
      let values = elements.extracting(run)
      var results = target.part(run)
      if step == 0 {
        let (factor, zero) = (scales[scale], zeros[scale])
        for index in values.indices { results[index] = difference(values[index], zero) * factor }
      } else {
        let factors = scales.extracting(scale..<(scale + run.count))
        let zeros = zeros.extracting(scale..<(scale + run.count))
        for index in values.indices {
          results[index] = difference(values[index], zeros[index]) * factors[index]
        }
      }
    }
  }

  /// Rounded once.
  @inline(__always)
  private func difference<Number: FixedWidthInteger>(_ left: Number, _ right: Number) -> Float {
    Number.bitWidth < 32
      ? Float(Int32(truncatingIfNeeded: left) &- Int32(truncatingIfNeeded: right))
      : Float(Int64(truncatingIfNeeded: left) &- Int64(truncatingIfNeeded: right))
  }

  /// The zero points; zeros if they are left out.
  private func zeroPoints(_ call: OperatorCall, like scale: Tensor) throws(RuntimeError) -> Tensor {
    if let zeroPoint = call.optional(2) { return zeroPoint }
    return try call.withoutOutputMemory.memory(ValueType(call[0].elementType, scale.shape), zeroed: true)
      .tensor()
  }
}
