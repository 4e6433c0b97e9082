import MomosModel

/// An operator that applies one function of real numbers or integers to every element.
protocol NumberFunction: RealFunction {
  static var elementTypes: [ElementType] { get }
  func value<Number: FixedWidthInteger>(integer x: Number) -> Number
}

extension NumberFunction {
  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: Self.elementTypes)
    return [inputs[0]]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let elementType = call[0].elementType
    if elementType.isFloatingPoint { return [try mapReals(call)] }
    return [try call.mappedIntegers(elementType.visitInteger(IntegerMap(function: self)))]
  }
}

/// Finds the loop of a function for a type of integers.
private struct IntegerMap<Function: NumberFunction>: IntegerVisitor {
  let function: Function

  func visit<Number: FixedWidthInteger & BitwiseCopyable>(integer number: Number.Type) -> ElementLoop {
    { [function] source, memory in memory.map(source) { (x: Number) in function.value(integer: x) } }
  }
}

/// The absolute value; that of the smallest integer is itself.
struct Abs: NumberFunction {
  init(_ context: inout OperatorContext) {}

  static var elementTypes: [ElementType] { ElementType.numbers }
  func value<Number: RealNumber>(at x: Number) -> Number { x.magnitude }
  func value<Number: FixedWidthInteger>(integer x: Number) -> Number {
    Number(truncatingIfNeeded: x.magnitude)
  }
}

/// The negative; that of the smallest integer is itself.
struct Neg: NumberFunction {
  init(_ context: inout OperatorContext) {}

  static var elementTypes: [ElementType] { ElementType.floatingPoint + ElementType.signedIntegers }
  func value<Number: RealNumber>(at x: Number) -> Number { -x }
  func value<Number: FixedWidthInteger>(integer x: Number) -> Number { 0 &- x }
}

/// 1, 0 or -1; a NaN stays NaN.
struct Sign: NumberFunction {
  init(_ context: inout OperatorContext) {}

  static var elementTypes: [ElementType] { ElementType.numbers }
  func value<Number: RealNumber>(at x: Number) -> Number { x > 0 ? 1 : x < 0 ? -1 : x }
  func value<Number: FixedWidthInteger>(integer x: Number) -> Number { x.signum() }
}

/// Every bit inverted.
struct BitwiseNot: NumberFunction {
  init(_ context: inout OperatorContext) {}

  static var elementTypes: [ElementType] { ElementType.integers }
  func value<Number: RealNumber>(at x: Number) -> Number { preconditionFailure("refused by inference") }
  func value<Number: FixedWidthInteger>(integer x: Number) -> Number { ~x }
}

/// True for false and false for true.
struct Not: NumberFunction {
  init(_ context: inout OperatorContext) {}

  static var elementTypes: [ElementType] { [.bool] }
  func value<Number: RealNumber>(at x: Number) -> Number { preconditionFailure("refused by inference") }
  func value<Number: FixedWidthInteger>(integer x: Number) -> Number { x == 0 ? 1 : 0 }
}
