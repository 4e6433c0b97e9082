import MomosModel

/// e^x divided by its sum, along one axis; before operator set 13 along all axes from `axis` on together.
///
/// The maximum is subtracted first. A NaN or +infinity makes its whole slice NaN.
struct Softmax: Operator {
  private let axis: Int
  private let isFlattening: Bool

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    isFlattening = context.version < 13
    axis = try context.attributes.int("axis", default: isFlattening ? 1 : -1)
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint)
    _ = try inputs.resolved(axis: axis, rank: inputs[0].shape.rank)
    return [inputs[0]]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let elementType = call[0].elementType
    let input = try call.converted(call[0], to: elementType.arithmetic)
    let result =
      elementType == .float64
      ? try normalized(call, input, Double.self) : try normalized(call, input, Float.self)
    return [try call.converted(result, to: elementType)]
  }

  private func normalized<Number: RealNumber>(
    _ call: OperatorCall, _ input: Tensor, _ number: Number.Type
  ) throws(RuntimeError) -> Tensor {
    let rank = input.shape.rank
    let first = axis < 0 ? axis + rank : axis
    let slices = AxisSlices(input.shape, axes: first..<(isFlattening ? rank : first + 1))
    let values = input.bytes.span(of: number)
    return try call.tensor(input.type, of: number) { (target) throws(RuntimeError) in
      for slice in 0..<slices.count { normalize(values, slices.start(of: slice), slices, &target) }
    }
  }

  private func normalize<Number: RealNumber>(
    _ values: Span<Number>, _ start: Int, _ slices: AxisSlices, _ target: inout MutableSpan<Number>
  ) {
    guard slices.length > 0 else { return }
    var maximum = values[start]
    for position in 1..<slices.length {
      maximum = max(maximum, values[start + position * slices.stride])
    }
    var sum = 0.0
    for position in 0..<slices.length {
      let index = start + position * slices.stride
      target[index] = Number.exponential(values[index] - maximum)
      sum += Double(target[index])
    }
    let divisor = Number(sum)
    for position in 0..<slices.length { target[start + position * slices.stride] /= divisor }
  }
}
