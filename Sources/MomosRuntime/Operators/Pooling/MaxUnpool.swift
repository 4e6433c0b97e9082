import MomosModel

/// Elements put back to the places that MaxPool found them at, zeros elsewhere.
///
/// Places are positions in the shape that follows from the window; a larger `output_shape` has zeros behind it.
struct MaxUnpool: Operator {
  private let attributes: WindowAttributes
  private let kernel: [Int]

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    attributes = try WindowAttributes(&context, hasDilations: false)
    guard let kernel = attributes.kernel else {
      throw .missingAttribute(context.label, attribute: "kernel_shape")
    }
    self.kernel = kernel
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint)
    try inputs.require(1, in: [.int64])
    guard inputs[0].shape == inputs[1].shape else { throw inputs.mismatch(expected: "equal shapes") }
    var shape = try inputs.shape(unpooled(inputs[0].shape, inputs.label))
    if inputs.optional(2) != nil {
      let requested = try inputs.integers(2)
      guard requested.count == shape.rank, zip(requested, shape.dimensions).allSatisfy({ $0 >= $1 }) else {
        throw .inputValue(
          inputs.label, position: 2, expected: "sizes of at least \(shape)", found: "\(requested)")
      }
      shape = try inputs.shape(requested)
    }
    return [ValueType(inputs[0].elementType, shape)]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let inferred = try unpooled(call[0].shape, call.label)
    let count = inferred.reduce(1, *)
    var memory = try call.memory(call.outputTypes[0], zeroed: true)
    var positions: [Int] = []
    positions.reserveCapacity(call[1].elementCount)
    let places = call[1].bytes.span(of: Int64.self)
    for index in places.indices {
      guard places[index] >= 0, places[index] < count else {
        throw .indexOutOfRange(call.label, index: Int(places[index]), count: count)
      }
      var (rest, position, stride) = (Int(places[index]), 0, 1)
      for axis in inferred.indices.reversed() {
        position += rest % inferred[axis] * stride
        rest /= inferred[axis]
        stride *= memory.type.shape[axis]
      }
      positions.append(position)
    }
    memory.scatter(call[0], to: Runs(starts: positions, length: 1))
    return [memory.tensor()]
  }

  /// The shape that the window was slid over.
  private func unpooled(_ input: Shape, _ label: NodeLabel) throws(RuntimeError) -> [Int] {
    let window = try attributes.transposedWindow(
      over: input, kernel: kernel, outputPadding: nil, outputSizes: nil, label: label)
    return Array(input.dimensions.prefix(2)) + window.inputSizes
  }
}
