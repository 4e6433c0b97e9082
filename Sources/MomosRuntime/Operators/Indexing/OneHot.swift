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
    let type = call.outputTypes[0]
    let axis = axis < 0 ? axis + type.shape.rank : axis
    let (depth, stride) = (type.shape[axis], type.shape.strides[axis])
    var places: [Int] = []
    for (number, index) in call[0].roundedIntegers().enumerated() {
      guard let index, index >= -depth, index < depth else { continue }
      let (outer, inner) = number.quotientAndRemainder(dividingBy: stride)
      places.append((outer * depth + (index < 0 ? index + depth : index)) * stride + inner)
    }
    var memory = try call.memory(type)
    memory.fill(with: call[2])
    memory.scatter(try call.element(1, of: call[2]), to: Runs(starts: places, length: 1))
    return [memory.tensor()]
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
