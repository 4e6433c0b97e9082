import MomosModel

/// The transpose of a convolution: filters `[channels, rows / group, kernel...]` spread every input element over the
/// output, plus a bias for each row.
struct ConvTranspose: RealOperator {
  private let attributes: WindowAttributes
  private let groups: Int
  private let outputPadding: [Int]?
  private let outputSizes: [Int]?

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    attributes = try WindowAttributes(&context)
    groups = try context.groups()
    outputPadding = try context.sizes("output_padding", from: 0)
    outputSizes = try context.sizes("output_shape", from: 0)
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint)
    try inputs.requireEqualElementTypes()
    let (input, filters) = (inputs[0].shape, inputs[1].shape)
    guard input.rank >= 3, filters.rank == input.rank, filters[0] == input[1], input[1] % groups == 0,
      attributes.kernel == nil || attributes.kernel == Array(filters.dimensions.dropFirst(2))
    else {
      throw inputs.mismatch(
        expected: "[N, C, spatial...] and filters [C, rows / \(groups), kernel...], C a multiple of \(groups)"
      )
    }
    let (rows, isOverflow) = filters[1].multipliedReportingOverflow(by: groups)
    guard !isOverflow else { throw inputs.mismatch(expected: "fewer groups") }
    if let bias = inputs.optional(2)?.shape, bias.dimensions != [rows] {
      throw inputs.mismatch(expected: "a third of [\(rows)]")
    }
    let window = try window(input, filters, inputs.label)
    return [ValueType(inputs[0].elementType, try inputs.shape([input[0], rows] + window.inputSizes))]
  }

  func compute<Number: RealNumber>(
    _ call: OperatorCall, _ number: Number.Type
  ) throws(RuntimeError) -> [Tensor] {
    let (input, filters) = (call[0].shape, call[1].shape)
    let window = try window(input, filters, call.label)
    let (channels, rows) = (input[1] / groups, filters[1])
    let values = call[0].bytes.span(of: number)
    let weights = call[1].bytes.span(of: number)
    let bias = call.optional(2)?.bytes.array(of: number)
    let (inputCount, outputCount) = (window.outputCount, window.inputCount)
    return [
      try call.tensor(call.outputTypes[0], of: number) { (target) throws(RuntimeError) in
        var seen = [Number](repeating: 0, count: inputCount)
        for plane in 0..<(input[0] * groups * rows) {
          let (image, row) = plane.quotientAndRemainder(dividingBy: groups * rows)
          let group = row / rows
          let start = plane * outputCount
          var result = target.part(start..<(start + outputCount))
          result.update(repeating: bias?[row] ?? 0)
          for tap in 0..<window.tapCount {
            var line = seen.mutableSpan
            line.update(repeating: 0)
            for channel in 0..<channels {
              let first = ((image * groups + group) * channels + channel) * inputCount
              let source = values.extracting(first..<(first + inputCount))
              let filter = (group * channels + channel) * rows + row % rows
              let weight = weights[filter * window.tapCount + tap]
              for index in source.indices { line[index] += weight * source[index] }
            }
            window.scatter(line.span, of: tap, channel: 0, adding: &result)
          }
        }
      }
    ]
  }

  private func window(_ input: Shape, _ filters: Shape, _ label: NodeLabel) throws(RuntimeError) -> Window {
    try attributes.transposedWindow(
      over: input, kernel: Array(filters.dimensions.dropFirst(2)), outputPadding: outputPadding,
      outputSizes: outputSizes, label: label)
  }
}
