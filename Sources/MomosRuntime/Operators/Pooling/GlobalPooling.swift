import MomosModel

/// One number for each channel of `[N, C, spatial...]`, whose spatial axes become 1: a reduction of those axes.
protocol GlobalPoolingOperator: Operator {
  static var function: ReductionFunction { get }
}

extension GlobalPoolingOperator {
  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] { [try inputs.channelType()] }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    [try call.pooledChannels(Self.function)]
  }
}

/// The mean, summed in float64.
struct GlobalAveragePool: GlobalPoolingOperator {
  static let function = ReductionFunction.mean

  init(_ context: inout OperatorContext) {}
}

/// The largest element; a NaN counts as larger than every number.
struct GlobalMaxPool: GlobalPoolingOperator {
  static let function = ReductionFunction.maximum

  init(_ context: inout OperatorContext) {}
}

/// The p-norm, summed in float64.
struct GlobalLpPool: Float64Operator {
  private let norm: PowerNorm

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    norm = try PowerNorm(&context)
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] { [try inputs.channelType()] }

  func compute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let type = call.outputTypes[0]
    let inner = call.withoutOutputMemory
    let powers = try norm.powers(of: call[0], inner)
    return [try norm.roots(of: try Reduction(.sum, inner, powers, kept: type.shape, type).result(), call)]
  }
}

extension InputTypes {
  /// The type of one number for each channel.
  fileprivate func channelType() throws(RuntimeError) -> ValueType {
    try require(0, in: ElementType.floatingPoint)
    let shape = self[0].shape
    guard shape.rank >= 2 else { throw mismatch(expected: "rank 2 or more") }
    let dimensions = shape.dimensions.prefix(2) + Array(repeating: 1, count: shape.rank - 2)
    return ValueType(self[0].elementType, try self.shape(Array(dimensions)))
  }
}

extension OperatorCall {
  fileprivate func pooledChannels(_ function: ReductionFunction) throws(RuntimeError) -> Tensor {
    let type = outputTypes[0]
    return try Reduction(function, self, self[0], kept: type.shape, type).result()
  }
}
