import MomosKernels
import MomosModel

/// An operator that joins any number of operands of one type element by element, broadcast to a common shape.
///
/// The operands are joined in their order. float16 and bfloat16 are computed in float32 and rounded.
protocol VariadicFunction: Operator {
  static var elementTypes: [ElementType] { get }
  static func joined<Number: RealNumber>(real left: Number, _ right: Number) -> Number
  static func joined<Number: FixedWidthInteger>(integer left: Number, _ right: Number) -> Number
  /// The vector kernel that gives the result for two float32 operands; nil if there is none.
  static var kernel: ElementOperation? { get }
  /// Whether the joined operands, which are real, are divided by their number in the end.
  static var dividesByCount: Bool { get }
}

extension VariadicFunction {
  static var kernel: ElementOperation? { nil }
  static func joined<Number: FixedWidthInteger>(integer left: Number, _ right: Number) -> Number {
    preconditionFailure("refused by inference")
  }
  static var dividesByCount: Bool { false }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: Self.elementTypes)
    try inputs.requireEqualElementTypes()
    return [ValueType(inputs[0].elementType, try inputs.broadcastShape())]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let type = call.outputTypes[0]
    if let kernel = Self.kernel, type.elementType == .float32, call.inputs.count == 2 {
      return [try call.combined(call[0], call[1], type.shape, kernel)]
    }
    let joined = try call.folded(type.elementType.visit(Fold<Self>()))
    return [try call.cast(Self.dividesByCount ? try call.divided(joined) : joined, to: type.elementType)]
  }
}

/// Finds the loop of a function for a type.
private struct Fold<Function: VariadicFunction>: NumberVisitor {
  func visit<Number: RealNumber>(real number: Number.Type) -> FoldLoop {
    { memory, operand, walk in
      memory.fold(operand, &walk) { (left: Number, right: Number) in Function.joined(real: left, right) }
    }
  }

  func visit<Number: FixedWidthInteger & BitwiseCopyable>(integer number: Number.Type) -> FoldLoop {
    { memory, operand, walk in
      memory.fold(operand, &walk) { (left: Number, right: Number) in Function.joined(integer: left, right) }
    }
  }
}

extension OperatorCall {
  /// A sum of all inputs, divided by their number.
  fileprivate func divided(_ sum: Tensor) throws(RuntimeError) -> Tensor {
    let count = inputs.count
    if sum.elementType == .float64 { return try mapped(sum, Double.self) { $0 / Double(count) } }
    return try mapped(sum, Float.self) { $0 / Float(count) }
  }
}

/// The largest operand; NaN if any is.
struct Max: VariadicFunction {
  init(_ context: inout OperatorContext) {}
  static var elementTypes: [ElementType] { ElementType.numbers }
  static var kernel: ElementOperation? { .maximum }
  static func joined<Number: RealNumber>(real left: Number, _ right: Number) -> Number { left.atLeast(right) }
  static func joined<Number: FixedWidthInteger>(integer left: Number, _ right: Number) -> Number {
    max(left, right)
  }
}

/// The smallest operand; NaN if any is.
struct Min: VariadicFunction {
  init(_ context: inout OperatorContext) {}
  static var elementTypes: [ElementType] { ElementType.numbers }
  static var kernel: ElementOperation? { .minimum }
  static func joined<Number: RealNumber>(real left: Number, _ right: Number) -> Number { left.atMost(right) }
  static func joined<Number: FixedWidthInteger>(integer left: Number, _ right: Number) -> Number {
    min(left, right)
  }
}

/// The sum of the operands.
struct Sum: VariadicFunction {
  init(_ context: inout OperatorContext) {}
  static var elementTypes: [ElementType] { ElementType.floatingPoint }
  static var kernel: ElementOperation? { .add }
  static func joined<Number: RealNumber>(real left: Number, _ right: Number) -> Number { left + right }
}

/// The arithmetic mean of the operands.
struct Mean: VariadicFunction {
  init(_ context: inout OperatorContext) {}
  static var elementTypes: [ElementType] { ElementType.floatingPoint }
  static func joined<Number: RealNumber>(real left: Number, _ right: Number) -> Number { left + right }
  static var dividesByCount: Bool { true }
}
