import MomosModel

/// One number for each channel of `[N, C, spatial...]`, whose spatial axes become 1.
protocol GlobalPoolingOperator: RealOperator {
  /// - Parameter values: one channel.
  func value<Number: RealNumber>(of values: Span<Number>) -> Number
}

extension GlobalPoolingOperator {
  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint)
    let shape = inputs[0].shape
    guard shape.rank >= 2 else { throw inputs.mismatch(expected: "rank 2 or more") }
    let dimensions = shape.dimensions.prefix(2) + Array(repeating: 1, count: shape.rank - 2)
    return [ValueType(inputs[0].elementType, try inputs.shape(Array(dimensions)))]
  }

  func compute<Number: RealNumber>(
    _ call: OperatorCall, _ number: Number.Type
  ) throws(RuntimeError) -> [Tensor] {
    let length = call[0].shape.dimensions.dropFirst(2).reduce(1, *)
    let values = call[0].bytes.span(of: number)
    return [
      try call.tensor(call.outputTypes[0], of: number) { (target) throws(RuntimeError) in
        for channel in target.indices {
          target[channel] = value(of: values.extracting((channel * length)..<((channel + 1) * length)))
        }
      }
    ]
  }
}

/// The mean, summed in float64.
struct GlobalAveragePool: GlobalPoolingOperator {
  init(_ context: inout OperatorContext) {}

  func value<Number: RealNumber>(of values: Span<Number>) -> Number {
    var sum = 0.0
    for index in values.indices { sum += Double(values[index]) }
    return Number(sum / Double(values.count))
  }
}

/// The largest element; a NaN counts as larger than every number.
struct GlobalMaxPool: GlobalPoolingOperator {
  init(_ context: inout OperatorContext) {}

  func value<Number: RealNumber>(of values: Span<Number>) -> Number {
    var largest = -Number.infinity
    for index in values.indices where values[index] > largest || values[index].isNaN {
      largest = values[index]
    }
    return largest
  }
}

/// The p-norm, summed in float64.
struct GlobalLpPool: GlobalPoolingOperator {
  private let norm: PowerNorm

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    norm = try PowerNorm(&context)
  }

  func value<Number: RealNumber>(of values: Span<Number>) -> Number {
    var sum = 0.0
    for index in values.indices { sum += norm.power(of: Double(values[index])) }
    return Number(norm.root(of: sum))
  }
}
