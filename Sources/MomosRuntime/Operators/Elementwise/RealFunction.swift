import MomosKernels
import MomosModel

/// An operator that applies one real function to every element.
///
/// float16 and bfloat16 are computed in float32 and rounded.
protocol RealFunction: Operator {
  func value<Number: RealNumber>(at x: Number) -> Number
  /// The vector kernel that computes the function in float32; nil if there is none.
  var kernel: ElementFunction? { get }
}

extension RealFunction {
  var kernel: ElementFunction? { nil }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint)
    return [inputs[0]]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    [try mapReals(call)]
  }

  /// The function of every element of a floating-point input.
  @inline(__always)
  func mapReals(_ call: OperatorCall) throws(RuntimeError) -> Tensor {
    try call.mappedReals(
      kernel, { source, memory in memory.map(source) { (x: Float) in value(at: x) } },
      { source, memory in memory.map(source) { (x: Double) in value(at: x) } })
  }
}

/// The nearest integer that is not smaller.
struct Ceil: RealFunction {
  init(_ context: inout OperatorContext) {}
  func value<Number: RealNumber>(at x: Number) -> Number { x.rounded(.up) }
}

/// The nearest integer that is not larger.
struct Floor: RealFunction {
  init(_ context: inout OperatorContext) {}
  func value<Number: RealNumber>(at x: Number) -> Number { x.rounded(.down) }
}

/// The nearest integer, of two equally near ones the even one.
struct Round: RealFunction {
  init(_ context: inout OperatorContext) {}
  func value<Number: RealNumber>(at x: Number) -> Number { x.rounded(.toNearestOrEven) }
}

/// The square root, NaN below zero.
struct Sqrt: RealFunction {
  init(_ context: inout OperatorContext) {}
  var kernel: ElementFunction? { .squareRoot }
  func value<Number: RealNumber>(at x: Number) -> Number { x.squareRoot() }
}

/// 1 / x
struct Reciprocal: RealFunction {
  init(_ context: inout OperatorContext) {}
  var kernel: ElementFunction? { .reciprocal }
  func value<Number: RealNumber>(at x: Number) -> Number { 1 / x }
}

/// e^x
struct Exp: RealFunction {
  init(_ context: inout OperatorContext) {}
  var kernel: ElementFunction? { .exp }
  func value<Number: RealNumber>(at x: Number) -> Number { Number.exponential(x) }
}

/// The natural logarithm, NaN below zero.
struct Log: RealFunction {
  init(_ context: inout OperatorContext) {}
  func value<Number: RealNumber>(at x: Number) -> Number { Number.logarithm(x) }
}
