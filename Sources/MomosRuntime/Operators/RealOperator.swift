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
    let results =
      arithmetic == .float64 ? try compute(wide, Double.self) : try compute(wide, Float.self)
    var outputs: [Tensor] = []
    for (result, type) in zip(results, call.outputTypes) {
      outputs.append(try call.converted(result, to: type.elementType))
    }
    return outputs
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
      wide.append(try converted(input, to: elementType))
    }
    let types = outputTypes.map { type in
      type.elementType.isFloatingPoint ? ValueType(elementType, type.shape) : type
    }
    return OperatorCall(
      label: label, inputs: wide, outputTypes: types, pool: pool, outputMemory: outputMemory)
  }
}
