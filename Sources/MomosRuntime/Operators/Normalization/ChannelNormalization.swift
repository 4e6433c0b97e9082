import MomosModel

/// (x - mean) / sqrt(variance + epsilon) * scale + bias, with mean and variance of each group of channels of one image
/// of `[N, C, ...]`.
protocol ChannelNormalizationOperator: RealOperator {
  var epsilon: Float { get }
  /// How many groups the channels of an image form.
  func groupCount(of shape: Shape) -> Int
  /// How many scales and biases there are: a divisor of the number of channels.
  func parameterCount(of shape: Shape) -> Int
}

extension ChannelNormalizationOperator {
  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint)
    try inputs.requireEqualElementTypes()
    let shape = inputs[0].shape
    guard shape.rank >= 2, shape[1] % groupCount(of: shape) == 0 else {
      throw inputs.mismatch(expected: "rank 2 or more, and channels that the groups divide")
    }
    let count = parameterCount(of: shape)
    for position in 1...2 where inputs[position].shape.dimensions != [count] {
      throw inputs.mismatch(expected: "[\(count)] for scale and bias")
    }
    return [inputs[0]]
  }

  func compute<Number: RealNumber>(
    _ call: OperatorCall, _ number: Number.Type
  ) throws(RuntimeError) -> [Tensor] {
    let shape = call[0].shape
    guard shape.elementCount > 0 else { return [call[0]] }
    let planeLength = shape.dimensions.dropFirst(2).reduce(1, *)
    let groupLength = shape[1] / groupCount(of: shape) * planeLength
    let values = call[0].bytes.span(of: number)
    let scales = call[1].bytes.span(of: number)
    let biases = call[2].bytes.span(of: number)
    let statistics = SliceStatistics(
      values, count: shape[0] * groupCount(of: shape), length: groupLength, epsilon)
    return [
      try call.tensor(call[0].type, of: number) { (target) throws(RuntimeError) in
        for plane in 0..<(shape[0] * shape[1]) {
          let group = plane * planeLength / groupLength
          let parameter = plane % shape[1] / (shape[1] / scales.count)
          let (mean, deviation) = (statistics.means[group], statistics.inverseDeviations[group])
          let (scale, bias) = (scales[parameter], biases[parameter])
          let range = (plane * planeLength)..<((plane + 1) * planeLength)
          let source = values.extracting(range)
          var result = target.part(range)
          for index in source.indices {
            result[index] = Number((Double(source[index]) - mean) * deviation) * scale + bias
          }
        }
      }
    ]
  }
}

/// Every channel is a group.
struct InstanceNormalization: ChannelNormalizationOperator {
  let epsilon: Float

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    epsilon = try context.attributes.float("epsilon", default: 1e-5)
  }

  func groupCount(of shape: Shape) -> Int { max(shape[1], 1) }
  func parameterCount(of shape: Shape) -> Int { shape[1] }
}

/// `num_groups` groups; scale and bias for each channel, before operator set 21 for each group.
struct GroupNormalization: ChannelNormalizationOperator {
  let epsilon: Float
  private let groups: Int
  private let hasChannelParameters: Bool

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    epsilon = try context.attributes.float("epsilon", default: 1e-5)
    groups = try context.attributes.requiredInt("num_groups")
    hasChannelParameters = context.version >= 21
    if hasChannelParameters {
      let float32 = ElementType.float32.rawValue
      try context.require("stash_type", float32, default: float32)
    }
    guard groups > 0 else {
      throw .attributeValue(context.label, attribute: "num_groups", expected: "1 or more", found: "\(groups)")
    }
  }

  func groupCount(of shape: Shape) -> Int { groups }
  func parameterCount(of shape: Shape) -> Int { hasChannelParameters ? shape[1] : groups }
}
