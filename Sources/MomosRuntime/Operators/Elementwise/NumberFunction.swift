import MomosKernels
import MomosModel

/// An operator that applies one function of real numbers or integers to every element.
///
/// float16 and bfloat16 are computed in float32 and rounded.
protocol NumberFunction: Operator {
  static var elementTypes: [ElementType] { get }
  func value<Number: RealNumber>(real x: Number) -> Number
  func value<Number: FixedWidthInteger>(integer x: Number) -> Number
  /// The vector kernel that computes the function in float32; nil if there is none.
  var kernel: ElementFunction? { get }
}

extension NumberFunction {
  var kernel: ElementFunction? { nil }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: Self.elementTypes)
    return [inputs[0]]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    [try call[0].elementType.visit(NumberMap(function: self, call: call))]
  }
}

private struct NumberMap<Function: NumberFunction>: NumberVisitor {
  let function: Function
  let call: OperatorCall

  func visit<Number: RealNumber>(real number: Number.Type) throws(RuntimeError) -> Tensor {
    let elementType = call[0].elementType
    let input = try call.converted(call[0], to: elementType.arithmetic)
    let result =
      if let kernel = function.kernel, input.elementType == .float32 { try call.mapped(input, kernel) } else {
        try call.mapped(input, number) { function.value(real: $0) }
      }
    return try call.converted(result, to: elementType)
  }

  func visit<Number: FixedWidthInteger & BitwiseCopyable>(
    integer number: Number.Type
  ) throws(RuntimeError) -> Tensor {
    try call.mapped(call[0], number) { function.value(integer: $0) }
  }
}

/// The absolute value; that of the smallest integer is itself.
struct Abs: NumberFunction {
  init(_ context: inout OperatorContext) {}

  static var elementTypes: [ElementType] { ElementType.numbers }
  func value<Number: RealNumber>(real x: Number) -> Number { x.magnitude }
  func value<Number: FixedWidthInteger>(integer x: Number) -> Number {
    Number(truncatingIfNeeded: x.magnitude)
  }
}

/// The negative; that of the smallest integer is itself.
struct Neg: NumberFunction {
  init(_ context: inout OperatorContext) {}

  static var elementTypes: [ElementType] { ElementType.floatingPoint + ElementType.signedIntegers }
  func value<Number: RealNumber>(real x: Number) -> Number { -x }
  func value<Number: FixedWidthInteger>(integer x: Number) -> Number { 0 &- x }
}

/// 1, 0 or -1; a NaN stays NaN.
struct Sign: NumberFunction {
  init(_ context: inout OperatorContext) {}

  static var elementTypes: [ElementType] { ElementType.numbers }
  func value<Number: RealNumber>(real x: Number) -> Number { x > 0 ? 1 : x < 0 ? -1 : x }
  func value<Number: FixedWidthInteger>(integer x: Number) -> Number { x.signum() }
}

/// Every bit inverted.
struct BitwiseNot: NumberFunction {
  init(_ context: inout OperatorContext) {}

  static var elementTypes: [ElementType] { ElementType.integers }
  func value<Number: RealNumber>(real x: Number) -> Number { preconditionFailure("refused by inference") }
  func value<Number: FixedWidthInteger>(integer x: Number) -> Number { ~x }
}

/// True for false and false for true.
struct Not: NumberFunction {
  init(_ context: inout OperatorContext) {}

  static var elementTypes: [ElementType] { [.bool] }
  func value<Number: RealNumber>(real x: Number) -> Number { preconditionFailure("refused by inference") }
  func value<Number: FixedWidthInteger>(integer x: Number) -> Number { x == 0 ? 1 : 0 }
}
