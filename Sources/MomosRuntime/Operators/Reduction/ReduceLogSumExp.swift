import MomosModel

/// The logarithm of the sum of e^x along some axes: the largest x, plus the logarithm of the sum of e^(x - largest).
///
/// Computed in float64 and rounded once.
struct ReduceLogSumExp: Operator {
  private let axes: ReducedAxes

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    axes = try ReducedAxes(&context, inputSince: 18)
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint)
    return [ValueType(inputs[0].elementType, try axes.resultShape(inputs))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let type = call.outputTypes[0]
    let input = try call.cast(call[0], to: .float64)
    let kept = try axes.keptShape(call)
    let sumType = ValueType(.float64, type.shape)
    let largest = try call.reduced(
      input, Double.self, kept: kept, sumType, start: -Double.infinity, { $0 }, { $0.atLeast($1) })
    // Infinite ones are left to e^x itself.
    let offsets = try call.mapped(largest, Double.self) { $0.isInfinite ? 0 : $0 }
    let exponentials = try call.combined(input, offsets.reshaped(to: kept), input.type, Double.self) {
      Double.exponential($0 - $1)
    }
    let sums = try call.reduced(
      exponentials, Double.self, kept: kept, sumType, start: 0, { $0 }, { $0 + $1 })
    let results = try call.combined(sums, offsets, sumType, Double.self) { Double.logarithm($0) + $1 }
    return [try call.cast(results, to: type.elementType)]
  }
}
