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
    let type = call.outputTypes[0]
    return [
      try type.elementType.visitPattern(Joining(call: call, axis: axis < 0 ? axis + type.shape.rank : axis))
    ]
  }

  private func mismatch(_ inputs: InputTypes, _ axis: Int) -> RuntimeError {
    inputs.mismatch(expected: "equal sizes but along axis \(axis)")
  }
}

private struct Joining: PatternVisitor {
  let call: OperatorCall
  let axis: Int

  func visit<Pattern: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    pattern: Pattern.Type
  ) throws(RuntimeError) -> Tensor {
    let type = call.outputTypes[0]
    let strides = type.shape.strides
    return try call.tensor(type, of: pattern, zeroed: false) { (target) throws(RuntimeError) in
      var start = 0
      for position in call.inputs.indices {
        let shape = call[position].shape
        let copy = StridedCopy(
          shape.dimensions, source: shape.strides, target: strides, at: start * strides[axis])
        copy(call[position].bytes.span(of: pattern), to: &target)
        start += shape[axis]
      }
    }
  }
}
