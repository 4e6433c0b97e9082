import MomosModel

/// What the pooling operators share: a window over each channel of `[N, C, spatial...]`.
struct Pooling: Sendable {
  private let attributes: WindowAttributes
  private let kernel: [Int]

  /// - Parameters:
  ///   - dilationsSince: the version of the operator set from which on the operator has the attribute.
  ///   - ceilModeSince: the same of `ceil_mode`.
  init(_ context: inout OperatorContext, dilationsSince: Int, ceilModeSince: Int) throws(RuntimeError) {
    attributes = try WindowAttributes(
      &context, hasDilations: context.version >= dilationsSince,
      hasCeilMode: context.version >= ceilModeSince)
    guard let kernel = attributes.kernel else {
      throw .missingAttribute(context.label, attribute: "kernel_shape")
    }
    self.kernel = kernel
  }

  func window(over input: Shape, label: NodeLabel) throws(RuntimeError) -> Window {
    try attributes.window(over: input, kernel: kernel, label: label)
  }

  /// The type of the output.
  func outputType(_ inputs: InputTypes) throws(RuntimeError) -> ValueType {
    let input = inputs[0]
    let window = try window(over: input.shape, label: inputs.label)
    return ValueType(
      input.elementType, try inputs.shape(input.shape.dimensions.prefix(2) + window.outputSizes))
  }
}
