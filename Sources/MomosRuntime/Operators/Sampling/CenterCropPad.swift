import MomosModel

/// The middle of the input along axes that become shorter, and the input in the middle of zeros along those that become
/// longer.
struct CenterCropPad: Operator {
  private let axes: [Int]?

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    axes = try context.attributes.ints("axes")
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    var dimensions = inputs[0].shape.dimensions
    let sizes = try inputs.integers(1)
    let axes = axes ?? Array(dimensions.indices)
    guard sizes.count == axes.count else { throw inputs.mismatch(expected: "\(axes.count) sizes") }
    for (axis, size) in zip(axes, sizes) {
      dimensions[try inputs.resolved(axis: axis, rank: dimensions.count)] = size
    }
    return [ValueType(inputs[0].elementType, try inputs.shape(dimensions))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    var memory = try call.memory(call.outputTypes[0], zeroed: true)
    let (input, output) = (call[0].shape, memory.type.shape)
    let common = zip(input.dimensions, output.dimensions).map { min($0, $1) }
    /// Where the common middle begins.
    func start(_ shape: Shape) -> Int {
      shape.strides.indices.reduce(0) { $0 + (shape[$1] - common[$1]) / 2 * shape.strides[$1] }
    }
    let copy = StridedCopy(
      common, source: input.strides, from: start(input), target: output.strides, at: start(output))
    copy(call[0], to: &memory)
    return [memory.tensor()]
  }
}
