import MomosModel

/// A tensor of the given shape that holds one value everywhere; without `value` a float32 zero.
struct ConstantOfShape: Operator {
  private let value: Tensor?

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    value = try context.attributes.tensor("value")
    if let value, value.elementCount != 1 {
      throw .attributeValue(
        context.label, attribute: "value", expected: "one element", found: "a tensor \(value.shape)")
    }
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: [.int64])
    return [ValueType(value?.elementType ?? .float32, try inputs.shape(try inputs.integers(0)))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let type = call.outputTypes[0]
    guard let value else { return [try call.tensor(type, of: Float.self) { _ in }] }
    let dimensions = type.shape.dimensions
    let copy = StridedCopy(dimensions, source: dimensions.map { _ in 0 }, target: type.shape.strides)
    return [try call.arranged(value, as: type, copy)]
  }
}
