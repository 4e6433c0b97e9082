import MomosModel

/// Adds blocks, the columns of `[N, channels * block elements, positions]`, to the places of an image that a window of
/// the block's size sees.
struct Col2Im: Float64Operator {
  private let attributes: WindowAttributes

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    attributes = try WindowAttributes(strided: &context)
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint)
    let image = try inputs.integers(1)
    let block = try inputs.integers(2)
    let input = inputs[0].shape
    guard input.rank == 3, !image.isEmpty, image.count == block.count else {
      throw inputs.mismatch(
        expected: "[N, C * block, positions], and as many sizes of the block as of the image")
    }
    let window = try window(image, block, inputs)
    let (channels, rest) = input[1].quotientAndRemainder(dividingBy: try inputs.shape(block).elementCount)
    guard rest == 0, try inputs.shape(window.outputSizes).elementCount == input[2] else {
      throw inputs.mismatch(expected: "\(window.outputSizes) positions of blocks of \(block)")
    }
    return [ValueType(inputs[0].elementType, try inputs.shape([input[0], channels] + image))]
  }

  func compute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let type = call.outputTypes[0]
    guard let block = call[2].integers() else { preconditionFailure("refused by inference") }
    let window = try attributes.window(over: type.shape, kernel: block, label: call.label)
    let values = call[0].bytes.span(of: Double.self)
    return [
      try call.tensor(type, of: Double.self) { (target) throws(RuntimeError) in
        for row in 0..<(type.shape[0] * type.shape[1] * window.tapCount) {
          window.scatter(
            values.extracting((row * window.outputCount)..<((row + 1) * window.outputCount)),
            of: row % window.tapCount, channel: row / window.tapCount, adding: &target)
        }
      }
    ]
  }

  private func window(_ image: [Int], _ block: [Int], _ inputs: InputTypes) throws(RuntimeError) -> Window {
    try attributes.window(over: try inputs.shape([1, 1] + image), kernel: block, label: inputs.label)
  }
}
