import MomosModel

/// The elements along some axes reduced to one by a function.
///
/// Real numbers are added up in float64 and rounded once.
protocol Reduce: Operator {
  static var function: ReductionFunction { get }
  var axes: ReducedAxes { get }
  init(axes: ReducedAxes)
}

extension Reduce {
  init(_ context: inout OperatorContext) throws(RuntimeError) {
    self.init(axes: try ReducedAxes(&context, inputSince: Self.function.axesAreInputSince))
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    [try axes.resultType(inputs, of: Self.function.elementTypes)]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    [
      try Reduction(Self.function, call, call[0], kept: try axes.keptShape(call), call.outputTypes[0])
        .result()
    ]
  }
}
