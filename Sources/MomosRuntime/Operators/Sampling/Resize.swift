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
    let mayExtrapolate = attributes.coordinates == .cropAndResize
    if attributes.mode == .nearest && !mayExtrapolate {
      return try input.elementType.visitPattern(NearestResizing(resampling: self, call: call))
    }
    if input.elementType.isFloatingPoint {
      let arithmetic = input.elementType.arithmetic
      let wide = try call.converted(input, to: arithmetic)
      let result =
        arithmetic == .float64
        ? try resized(call, wide, Double.self) : try resized(call, wide, Float.self)
      return try call.converted(result, to: input.elementType)
    }
    let result = try resized(call, try call.widened(input), Double.self)
    return try input.elementType.visit(Truncation(values: result, call: call))
  }

  private func resized<Number: RealNumber>(
    _ call: OperatorCall, _ tensor: Tensor, _ number: Number.Type
  ) throws(RuntimeError) -> Tensor {
    let result =
      attributes.mode == .nearest
      ? try nearest(call, tensor, number) : try interpolated(call, tensor, number)
    return attributes.coordinates == .cropAndResize ? try extrapolated(call, result, number) : result
  }
}

private struct NearestResizing: PatternVisitor {
  let resampling: Resampling
  let call: OperatorCall

  func visit<Pattern: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    pattern: Pattern.Type
  ) throws(RuntimeError) -> Tensor {
    try resampling.nearest(call, call[0], pattern)
  }
}

/// Makes float64 numbers elements of the output's integer type, without their fractions.
private struct Truncation: NumberVisitor {
  let values: Tensor
  let call: OperatorCall

  func visit<Number: RealNumber>(real: Number.Type) throws(RuntimeError) -> Tensor { values }

  func visit<Number: FixedWidthInteger & BitwiseCopyable>(
    integer: Number.Type
  ) throws(RuntimeError) -> Tensor {
    let numbers = values.bytes.span(of: Double.self)
    return try call.tensor(call.outputTypes[0], of: integer) { (target) throws(RuntimeError) in
      for index in numbers.indices {
        let number = numbers[index].rounded(.towardZero)
        target[index] = Number(exactly: number) ?? (number > 0 ? Number.max : Number.min)
      }
    }
  }
}

extension OperatorCall {
  /// An integer or bool tensor in float64.
  fileprivate func widened(_ tensor: Tensor) throws(RuntimeError) -> Tensor {
    try tensor.elementType.visit(Widening(tensor: tensor, call: self))
  }
}

private struct Widening: NumberVisitor {
  let tensor: Tensor
  let call: OperatorCall

  func visit<Number: RealNumber>(real: Number.Type) throws(RuntimeError) -> Tensor { tensor }

  func visit<Number: FixedWidthInteger & BitwiseCopyable>(
    integer: Number.Type
  ) throws(RuntimeError) -> Tensor {
    let values = tensor.bytes.span(of: integer)
    return try call.tensor(ValueType(.float64, tensor.shape), of: Double.self) {
      (target) throws(RuntimeError) in
      for index in values.indices { target[index] = Double(values[index]) }
    }
  }
}
