import MomosModel

/// An operator that compares two operands of one type element by element, broadcast to a common shape.
///
/// No comparison holds for a NaN.
protocol Comparison: Operator {
  static var elementTypes: [ElementType] { get }
  static func holds<Number: Comparable>(_ left: Number, _ right: Number) -> Bool
}

extension Comparison {
  static var elementTypes: [ElementType] { ElementType.numbers }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: Self.elementTypes)
    try inputs.requireEqualElementTypes()
    return [ValueType(.bool, try inputs.broadcastShape())]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    [try call[0].elementType.visit(ComparisonMap<Self>(call: call))]
  }
}

private struct ComparisonMap<Function: Comparison>: NumberVisitor {
  let call: OperatorCall

  func visit<Number: RealNumber>(real number: Number.Type) throws(RuntimeError) -> Tensor {
    let arithmetic = call[0].elementType.arithmetic
    return try call.combined(
      try call.converted(call[0], to: arithmetic), try call.converted(call[1], to: arithmetic), number,
      to: call.outputTypes[0], UInt8.self
    ) { Function.holds($0, $1) ? 1 : 0 }
  }

  func visit<Number: FixedWidthInteger & BitwiseCopyable>(
    integer number: Number.Type
  ) throws(RuntimeError) -> Tensor {
    try call.combined(call[0], call[1], number, to: call.outputTypes[0], UInt8.self) {
      Function.holds($0, $1) ? 1 : 0
    }
  }
}

struct Equal: Comparison {
  init(_ context: inout OperatorContext) {}
  static var elementTypes: [ElementType] { ElementType.numbers + [.bool] }
  static func holds<Number: Comparable>(_ left: Number, _ right: Number) -> Bool { left == right }
}

struct Greater: Comparison {
  init(_ context: inout OperatorContext) {}
  static func holds<Number: Comparable>(_ left: Number, _ right: Number) -> Bool { left > right }
}

struct GreaterOrEqual: Comparison {
  init(_ context: inout OperatorContext) {}
  static func holds<Number: Comparable>(_ left: Number, _ right: Number) -> Bool { left >= right }
}

struct Less: Comparison {
  init(_ context: inout OperatorContext) {}
  static func holds<Number: Comparable>(_ left: Number, _ right: Number) -> Bool { left < right }
}

struct LessOrEqual: Comparison {
  init(_ context: inout OperatorContext) {}
  static func holds<Number: Comparable>(_ left: Number, _ right: Number) -> Bool { left <= right }
}
