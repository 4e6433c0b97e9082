import MomosKernels
import MomosModel

/// e^x divided by its sum, along one axis; before operator set 13 along all axes from `axis` on together.
///
/// The maximum is subtracted first. A NaN or +infinity makes its whole slice NaN.
struct Softmax: Operator {
  private let slicing: SoftmaxSlicing

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    slicing = try SoftmaxSlicing(&context)
  }

  /// Whether it runs along the last axis alone of tensors of a rank.
  func isOfRows(rank: Int) -> Bool { slicing.isOfRows(rank: rank) }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint)
    return [try slicing.checked(inputs)]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let elementType = call[0].elementType
    let input = try call.cast(call[0], to: elementType.arithmetic)
    let slices = slicing.slices(of: input.shape)
    if elementType == .float64 { return [try normalized(call, input, slices, Double.self)] }
    let result =
      slices.stride == 1 ? try rows(call, input, slices) : try normalized(call, input, slices, Float.self)
    return [try call.cast(result, to: elementType)]
  }

  /// Slices that lie contiguously, in float32.
  private func rows(
    _ call: OperatorCall, _ input: Tensor, _ slices: AxisSlices
  ) throws(RuntimeError) -> Tensor {
    let values = input.bytes.span(of: Float.self)
    return try call.tensor(input.type, of: Float.self, zeroed: false) { (target) throws(RuntimeError) in
      VectorKernels.softmax(values, columns: slices.length, into: &target, pool: call.pool)
    }
  }

  private func normalized<Number: RealNumber>(
    _ call: OperatorCall, _ input: Tensor, _ slices: AxisSlices, _ number: Number.Type
  ) throws(RuntimeError) -> Tensor {
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
