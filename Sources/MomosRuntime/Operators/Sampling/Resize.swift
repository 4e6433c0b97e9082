import MomosModel

/// The input with axes stretched or shrunk, by factors or to sizes.
///
/// Numbers are interpolated in float32, float64 ones and integers in float64; interpolated integers are truncated.
struct Resize: Operator {
  private let attributes: ResizeAttributes
  private let target: ResizeTarget

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    attributes =
      context.version < 11
      ? try ResizeAttributes(upsampling: &context) : try ResizeAttributes(&context)
    target = try ResizeTarget(&context)
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    let resized = try target.axes(inputs[0].shape, inputs, regions: nil)
    return [ValueType(inputs[0].elementType, try inputs.shape(resized.map(\.output)))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let inputs = InputTypes(
      label: call.label, types: call.inputs.map { $0?.type }, values: call.inputs)
    let regions = attributes.coordinates == .cropAndResize ? call.optional(1)?.floats() : nil
    let axes = try target.axes(call[0].shape, inputs, regions: regions)
    return [try Resampling(attributes: attributes, axes: axes).resized(call)]
  }
}

/// Upsample: Resize by factors, each output position from the input position below it.
struct Upsample: Operator {
  private let attributes: ResizeAttributes
  private let target: ResizeTarget

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    guard context.version < 10 else {
      throw .unsupportedOperatorSet(domain: "", version: context.version, supported: 7...9)
    }
    attributes = try ResizeAttributes(upsampling: &context)
    target = try ResizeTarget(&context)
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    let resized = try target.axes(inputs[0].shape, inputs, regions: nil)
    return [ValueType(inputs[0].elementType, try inputs.shape(resized.map(\.output)))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let inputs = InputTypes(
      label: call.label, types: call.inputs.map { $0?.type }, values: call.inputs)
    let axes = try target.axes(call[0].shape, inputs, regions: nil)
    return [try Resampling(attributes: attributes, axes: axes).resized(call)]
  }
}

extension Resampling {
  /// The first input of a call, resized.
  fileprivate func resized(_ call: OperatorCall) throws(RuntimeError) -> Tensor {
    let input = call[0]
    let extrapolates = attributes.coordinates == .cropAndResize
    if attributes.mode == .nearest && !extrapolates { return try nearest(call, input) }
    // A bool is the number 0 or 1 here.
    let numbers = input.elementType == .bool ? input.seen(as: .uint8) : input
    let wide = try call.cast(
      numbers, to: input.elementType.isFloatingPoint ? input.elementType.arithmetic : .float64)
    var result = attributes.mode == .nearest ? try nearest(call, wide) : try interpolated(call, wide)
    if extrapolates { result = try extrapolated(call, result, try extrapolation(call, wide.elementType)) }
    let narrow = try call.cast(result, to: numbers.elementType)
    return input.elementType == .bool ? narrow.seen(as: .bool) : narrow
  }

  /// The value beyond the input, in one element.
  private func extrapolation(_ call: OperatorCall, _ elementType: ElementType) throws(RuntimeError) -> Tensor
  {
    try call.label.place { () throws(ModelError) in
      try Tensor(rounding: [attributes.extrapolation], to: elementType, shape: Shape(vector: 1))
    }
  }
}

extension Tensor {
  /// The same bits as elements of another type of the same width.
  fileprivate func seen(as elementType: ElementType) -> Tensor {
    Tensor(elementType: elementType, shape: shape, bytes: bytes)
  }
}
