import MomosModel

/// x divided by its p-norm along an axis, with p 1 or 2. A slice of zeros stays zero.
struct LpNormalization: Float64Operator {
  private let axis: Int
  private let isAbsolute: Bool

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    axis = try context.attributes.int("axis", default: -1)
    let exponent = try context.attributes.int("p", default: 2)
    guard exponent == 1 || exponent == 2 else {
      throw .attributeValue(context.label, attribute: "p", expected: "1 or 2", found: "\(exponent)")
    }
    isAbsolute = exponent == 1
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint)
    _ = try inputs.resolved(axis: axis, rank: inputs[0].shape.rank)
    return [inputs[0]]
  }

  func compute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let shape = call[0].shape
    let first = axis < 0 ? axis + shape.rank : axis
    let slices = AxisSlices(shape, axes: first..<(first + 1))
    let values = call[0].bytes.span(of: Double.self)
    return [
      try call.tensor(call[0].type, of: Double.self) { (target) throws(RuntimeError) in
        guard values.count > 0 else { return }
        for slice in 0..<slices.count {
          let start = slices.start(of: slice)
          var sum = 0.0
          for position in 0..<slices.length {
            let value = values[start + position * slices.stride]
            sum += isAbsolute ? value.magnitude : value * value
          }
          let norm = isAbsolute ? sum : sum.squareRoot()
          for position in 0..<slices.length {
            let index = start + position * slices.stride
            target[index] = norm == 0 ? 0 : values[index] / norm
          }
        }
      }
    ]
  }
}
