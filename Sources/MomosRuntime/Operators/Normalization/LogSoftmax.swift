import Glibc
import MomosModel

/// x minus the logarithm of the sum of e^x, along one axis; before operator set 13 along all axes from `axis` on
/// together.
///
/// The maximum is subtracted first. A NaN or +infinity makes its whole slice NaN.
struct LogSoftmax: RealOperator {
  private let slicing: SoftmaxSlicing

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    slicing = try SoftmaxSlicing(&context)
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint)
    return [try slicing.checked(inputs)]
  }

  func compute<Number: RealNumber>(
    _ call: OperatorCall, _ number: Number.Type
  ) throws(RuntimeError) -> [Tensor] {
    let slices = slicing.slices(of: call[0].shape)
    let values = call[0].bytes.span(of: number)
    return [
      try call.tensor(call[0].type, of: number) { (target) throws(RuntimeError) in
        guard values.count > 0 else { return }
        for slice in 0..<slices.count {
          let start = slices.start(of: slice)
          var maximum = values[start]
          for position in 1..<slices.length {
            maximum = max(maximum, values[start + position * slices.stride])
          }
          var sum = 0.0
          for position in 0..<slices.length {
            sum += exp(Double(values[start + position * slices.stride] - maximum))
          }
          let logarithm = Number(log(sum))
          for position in 0..<slices.length {
            let index = start + position * slices.stride
            target[index] = values[index] - maximum - logarithm
          }
        }
      }
    ]
  }
}

/// 1 at the first largest element along one axis, 0 elsewhere; before operator set 13 along all axes from `axis` on
/// together. A NaN counts as larger than every number.
struct Hardmax: Float64Operator {
  private let slicing: SoftmaxSlicing

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    slicing = try SoftmaxSlicing(&context)
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint)
    return [try slicing.checked(inputs)]
  }

  func compute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let slices = slicing.slices(of: call[0].shape)
    let values = call[0].bytes.span(of: Double.self)
    return [
      try call.tensor(call[0].type, of: Double.self) { (target) throws(RuntimeError) in
        guard values.count > 0 else { return }
        for slice in 0..<slices.count {
          let start = slices.start(of: slice)
          var best = start
          for position in 1..<slices.length {
            let index = start + position * slices.stride
            if values[index] > values[best] || (values[index].isNaN && !values[best].isNaN) { best = index }
          }
          target[best] = 1
        }
      }
    ]
  }
}

/// The slices that Softmax and its relatives work on: along one axis, before operator set 13 along all axes from it on.
struct SoftmaxSlicing: Sendable {
  private let axis: Int
  private let isFlattening: Bool

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    isFlattening = context.version < 13
    axis = try context.attributes.int("axis", default: isFlattening ? 1 : -1)
  }

  /// The type of the first input, for which the axis must exist.
  func checked(_ inputs: InputTypes) throws(RuntimeError) -> ValueType {
    _ = try inputs.resolved(axis: axis, rank: inputs[0].shape.rank)
    return inputs[0]
  }

  /// Whether the last axis of a tensor of some rank is all of a slice.
  func isOfRows(rank: Int) -> Bool { (axis < 0 ? axis + rank : axis) == rank - 1 }

  func slices(of shape: Shape) -> AxisSlices {
    let first = axis < 0 ? axis + shape.rank : axis
    return AxisSlices(shape, axes: first..<(isFlattening ? shape.rank : first + 1))
  }
}
