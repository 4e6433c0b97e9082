import MomosModel

/// The inputs one after the other along an axis.
struct Concat: Operator {
  private let axis: Int
  private let mayCountFromEnd: Bool

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    axis = try context.attributes.requiredInt("axis")
    mayCountFromEnd = context.version >= 11
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.requireEqualElementTypes()
    var dimensions = inputs[0].shape.dimensions
    guard axis >= 0 || mayCountFromEnd else {
      throw .axis(inputs.label, axis: axis, rank: dimensions.count)
    }
    let axis = try inputs.resolved(axis: axis, rank: dimensions.count)
    for position in inputs.types.indices.dropFirst() {
      var other = inputs[position].shape.dimensions
      guard other.count == dimensions.count else { throw mismatch(inputs, axis) }
      let length = other[axis]
      other[axis] = dimensions[axis]
      guard other == dimensions else { throw mismatch(inputs, axis) }
      dimensions[axis] += length
    }
    return [ValueType(inputs[0].elementType, try inputs.shape(dimensions))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    var memory = try call.memory(call.outputTypes[0])
    let shape = memory.type.shape
    let axis = axis < 0 ? axis + shape.rank : axis
    var start = 0
    for position in call.inputs.indices {
      let source = call[position]
      let copy = StridedCopy(
        source.shape.dimensions, source: source.shape.strides, target: shape.strides,
        at: start * shape.strides[axis])
      copy(source, to: &memory)
      start += source.shape[axis]
    }
    return [memory.tensor()]
  }

  private func mismatch(_ inputs: InputTypes, _ axis: Int) -> RuntimeError {
    inputs.mismatch(expected: "equal sizes but along axis \(axis)")
  }
}
