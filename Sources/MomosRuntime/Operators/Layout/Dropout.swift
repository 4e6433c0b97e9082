import MomosModel

/// Its input, as inference has it, and on request a mask of all elements.
struct Dropout: Operator {
  private let hasMask: Bool
  private let hasBoolMask: Bool

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    hasMask = context.outputCount > 1
    hasBoolMask = context.version >= 10
    if context.version < 12 {
      _ = try context.attributes.float("ratio", default: 0.5)
      guard context.inputCount == 1 else {
        throw .inputCount(context.label, expected: 1...1, found: context.inputCount)
      }
    } else {
      _ = try context.attributes.int("seed")
    }
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint)
    try inputs.require(1, in: ElementType.floatingPoint)
    try inputs.require(2, in: [.bool])
    if inputs.optional(2) != nil { try refuseTraining(inputs) }
    let mask = ValueType(hasBoolMask ? .bool : inputs[0].elementType, inputs[0].shape)
    return hasMask ? [inputs[0], mask] : [inputs[0]]
  }

  /// Training with nothing dropped is inference.
  private func refuseTraining(_ inputs: InputTypes) throws(RuntimeError) {
    guard try inputs.value(2).integers()?.contains(1) == true else { return }
    if inputs.optional(1) != nil, try inputs.value(1).floats().allSatisfy({ $0 == 0 }) { return }
    throw .inputValue(inputs.label, position: 2, expected: "false: training is not supported", found: "true")
  }

  var sharedInput: Int? { 0 }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    guard hasMask else { return [call[0]] }
    let mask = call.outputTypes[1]
    guard hasBoolMask else {
      let ones = [Float](repeating: 1, count: mask.shape.elementCount)
      let tensor = try call.label.place { () throws(ModelError) in
        try Tensor(rounding: ones, to: mask.elementType, shape: mask.shape)
      }
      return [call[0], tensor]
    }
    return [
      call[0],
      try call.tensor(mask, of: UInt8.self, zeroed: false) { (target) throws(RuntimeError) in
        target.update(repeating: 1)
      },
    ]
  }
}
