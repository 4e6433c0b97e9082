import MomosModel

/// An operator that computes real numbers from real numbers.
///
/// float16 and bfloat16 are computed in float32 and rounded once.
protocol RealOperator: Operator {
  /// The outputs; every floating-point input and output of the call is of the type of `number`.
  func compute<Number: RealNumber>(
    _ call: OperatorCall, _ number: Number.Type
  ) throws(RuntimeError) -> [Tensor]
}

extension RealOperator {
  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let arithmetic = call.outputTypes[0].elementType.arithmetic
    let wide = try call.computing(in: arithmetic)
    return try call.rounded(
      arithmetic == .float64 ? try compute(wide, Double.self) : try compute(wide, Float.self))
  }
}

/// An operator that computes real numbers from real numbers, in float64 whatever their type, and rounds them once.
///
/// For operators that are seldom executed: their code is there once.
protocol Float64Operator: Operator {
  /// The outputs; every floating-point input and output of the call is float64.
  func compute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor]
}

extension Float64Operator {
  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    try call.rounded(try compute(try call.computing(in: .float64)))
  }
}

extension OperatorCall {
  /// The same call with every floating-point input and output in one floating-point type.
  fileprivate func computing(in elementType: ElementType) throws(RuntimeError) -> OperatorCall {
    var wide: [Tensor?] = []
    for input in inputs {
      guard let input, input.elementType.isFloatingPoint else {
        wide.append(input)
        continue
      }
      wide.append(try cast(input, to: elementType))
    }
    let types = outputTypes.map { type in
      type.elementType.isFloatingPoint ? ValueType(elementType, type.shape) : type
    }
    return OperatorCall(
      label: label, inputs: wide, outputTypes: types, pool: pool, outputMemory: outputMemory)
  }

  /// The results in the types that the outputs of this call have.
  fileprivate func rounded(_ results: [Tensor]) throws(RuntimeError) -> [Tensor] {
    var outputs: [Tensor] = []
    for (result, type) in zip(results, outputTypes) {
      outputs.append(try cast(result, to: type.elementType))
    }
    return outputs
  }
}
