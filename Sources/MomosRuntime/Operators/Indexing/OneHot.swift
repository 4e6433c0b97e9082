import MomosModel

/// For every index a vector of `depth` elements along a new axis: the second value at the index, the first one
/// elsewhere and where the index lies outside.
struct OneHot: Operator {
  private let axis: Int

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    axis = try context.attributes.int("axis", default: -1)
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    let numbers = ElementType.floatingPoint + ElementType.integers
    try inputs.require(0, in: numbers)
    try inputs.require(1, in: numbers)
    guard inputs[1].shape.elementCount == 1, inputs[2].shape.dimensions == [2] else {
      throw inputs.mismatch(expected: "one depth, and two values")
    }
    let depth = try inputs.value(1).roundedIntegers()[0]
    guard let depth, depth >= 0 else {
      throw .inputValue(inputs.label, position: 1, expected: "a depth of 0 or more", found: "\(depth ?? -1)")
    }
    var dimensions = inputs[0].shape.dimensions
    dimensions.insert(depth, at: try inputs.resolved(axis: axis, rank: dimensions.count + 1))
    return [ValueType(inputs[2].elementType, try inputs.shape(dimensions))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    [try call[2].elementType.visitPattern(OneHotFilling(call: call, axis: axis))]
  }
}

private struct OneHotFilling: PatternVisitor {
  let call: OperatorCall
  let axis: Int

  func visit<Pattern: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    pattern: Pattern.Type
  ) throws(RuntimeError) -> Tensor {
    let type = call.outputTypes[0]
    let axis = axis < 0 ? axis + type.shape.rank : axis
    let (depth, stride) = (type.shape[axis], type.shape.strides[axis])
    let indices = call[0].roundedIntegers()
    let values = call[2].bytes.span(of: pattern)
    return try call.tensor(type, of: pattern, zeroed: false) { (target) throws(RuntimeError) in
      target.update(repeating: values[0])
      for (number, index) in indices.enumerated() {
        guard let index, index >= -depth, index < depth else { continue }
        let (outer, inner) = number.quotientAndRemainder(dividingBy: stride)
        target[(outer * depth + (index < 0 ? index + depth : index)) * stride + inner] = values[1]
      }
    }
  }
}

extension Tensor {
  /// All elements as integers, rounded towards zero; nil for those that none is near.
  fileprivate func roundedIntegers() -> [Int?] {
    switch elementType {
    case .float64: bytes.array(of: Double.self).map { Int(exactly: $0.rounded(.towardZero)) }
    case .float32, .float16, .bfloat16: floats().map { Int(exactly: $0.rounded(.towardZero)) }
    case .uint64: bytes.array(of: UInt64.self).map { Int(exactly: $0) }
    default: integers() ?? []
    }
  }
}
