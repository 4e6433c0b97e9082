import MomosModel

/// A convolution of each channel of `[batch, channels, length]` with a filter of its own, `[channels, 1, kernel]`, that
/// sees the position itself and those before it; then x / (1 + e^-x) on request.
///
/// Before the first position lies the state of the call before, the last kernel - 1 positions, or zeros. The second
/// output is the state for the next call.
struct CausalConvWithState: RealOperator {
  private let isActivated: Bool
  private let outputCount: Int

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    isActivated = try context.attributes.choice("activation", of: ["none", "silu", "swish"]) != "none"
    outputCount = context.outputCount
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: [.float32, .float16, .bfloat16])
    try inputs.requireEqualElementTypes()
    let (input, filters) = (inputs[0].shape, inputs[1].shape)
    guard input.rank == 3, filters.rank == 3, filters[0] == input[1], filters[1] == 1, filters[2] > 0 else {
      throw inputs.mismatch(expected: "[batch, channels, length] and [channels, 1, kernel]")
    }
    let state = try inputs.shape([input[0], input[1], filters[2] - 1])
    guard inputs.optional(2).map({ $0.shape.dimensions == [input[1]] }) ?? true,
      inputs.optional(3).map({ $0.shape == state }) ?? true
    else { throw inputs.mismatch(expected: "a bias of [\(input[1])] and a state of \(state)") }
    return Array([inputs[0], ValueType(inputs[0].elementType, state)].prefix(outputCount))
  }

  func compute<Number: RealNumber>(
    _ call: OperatorCall, _ number: Number.Type
  ) throws(RuntimeError) -> [Tensor] {
    let shape = call[0].shape
    let (length, kernel) = (shape[2], call[1].shape[2])
    let values = call[0].bytes.span(of: number)
    let filters = call[1].bytes.span(of: number)
    let bias = call.optional(2)?.bytes.array(of: number)
    let state = call.optional(3)?.bytes.array(of: number)
    func line(_ row: Int) -> [Number] {
      let before = (row * (kernel - 1))..<((row + 1) * (kernel - 1))
      var line = state.map { Array($0[before]) } ?? Array(repeating: 0, count: kernel - 1)
      for position in 0..<length { line.append(values[row * length + position]) }
      return line
    }
    let output = try call.tensor(call.outputTypes[0], of: number) { (target) throws(RuntimeError) in
      for row in 0..<(shape[0] * shape[1]) {
        let channel = row % shape[1]
        let line = line(row)
        for position in 0..<length {
          var sum = bias?[channel] ?? 0
          for tap in 0..<kernel { sum += filters[channel * kernel + tap] * line[position + tap] }
          target[row * length + position] = isActivated ? sum / (1 + Number.exponential(-sum)) : sum
        }
      }
    }
    guard outputCount > 1 else { return [output] }
    let next = try call.tensor(call.outputTypes[1], of: number) { (target) throws(RuntimeError) in
      for row in 0..<(shape[0] * shape[1]) {
        let line = line(row)
        for tap in 0..<(kernel - 1) { target[row * (kernel - 1) + tap] = line[length + tap] }
      }
    }
    return [output, next]
  }
}
