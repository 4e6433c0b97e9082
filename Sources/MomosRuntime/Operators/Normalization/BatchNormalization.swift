import MomosModel

/// (x - mean) / sqrt(variance + epsilon) * scale + bias, with one of each for every channel of `[N, C, ...]`; as it is
/// applied after training.
struct BatchNormalization: RealOperator {
  private let epsilon: Float

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    epsilon = try context.attributes.float("epsilon", default: 1e-5)
    _ = try context.attributes.float("momentum", default: 0.9)
    if context.version < 9 { try context.require("spatial", 1, default: 1) }
    if context.version >= 14 { try context.require("training_mode", 0, default: 0) }
    guard context.outputCount == 1 else {
      throw .outputCount(context.label, expected: 1...1, found: context.outputCount)
    }
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    for position in inputs.types.indices { try inputs.require(position, in: ElementType.floatingPoint) }
    let shape = inputs[0].shape
    guard shape.rank >= 1 else { throw inputs.mismatch(expected: "rank 1 or more") }
    for position in 1...4 where inputs[position].shape.dimensions != [channelCount(of: shape)] {
      throw inputs.mismatch(expected: "[\(channelCount(of: shape))] for each channel's numbers")
    }
    return [inputs[0]]
  }

  func compute<Number: RealNumber>(
    _ call: OperatorCall, _ number: Number.Type
  ) throws(RuntimeError) -> [Tensor] {
    let parameters = (1...4).map { call[$0].bytes.array(of: number) }
    let channels = channelCount(of: call[0].shape)
    let scales = (0..<channels).map { channel in
      parameters[0][channel] / (parameters[3][channel] + Number(epsilon)).squareRoot()
    }
    let length = call[0].shape.dimensions.dropFirst(2).reduce(1, *)
    let values = call[0].bytes.span(of: number)
    return [
      try call.tensor(call[0].type, of: number) { (target) throws(RuntimeError) in
        guard length > 0 else { return }
        for plane in 0..<(values.count / length) {
          let range = (plane * length)..<((plane + 1) * length)
          let source = values.extracting(range)
          var result = target.part(range)
          let channel = plane % channels
          let (mean, scale, bias) = (parameters[2][channel], scales[channel], parameters[1][channel])
          for index in source.indices { result[index] = (source[index] - mean) * scale + bias }
        }
      }
    ]
  }

  /// A vector has one channel.
  private func channelCount(of shape: Shape) -> Int { shape.rank > 1 ? shape[1] : 1 }
}

extension OperatorContext {
  /// Refuses an int attribute that is not `expected`.
  mutating func require(_ name: String, _ expected: Int, default standard: Int) throws(RuntimeError) {
    let found = try attributes.int(name, default: standard)
    guard found == expected else {
      throw .attributeValue(label, attribute: name, expected: "\(expected)", found: "\(found)")
    }
  }
}
