import MomosModel

/// An operator that compares two operands of one type element by element, broadcast to a common shape.
///
/// No comparison holds for a NaN.
protocol Comparison: Operator {
  associatedtype Compared: Relation
  static var elementTypes: [ElementType] { get }
  /// Whether the relation must hold between the second operand and the first.
  static var isReversed: Bool { get }
}

/// What may hold between two numbers.
protocol Relation {
  static var commutes: Bool { get }
  static func holds<Number: Comparable>(_ left: Number, _ right: Number) -> Bool
}

extension Comparison {
  static var elementTypes: [ElementType] { ElementType.numbers }
  static var isReversed: Bool { false }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: Self.elementTypes)
    try inputs.requireEqualElementTypes()
    return [ValueType(.bool, try inputs.broadcastShape())]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let loop = try call[0].elementType.visit(RelationLoop<Compared>())
    return [try call.compared(isReversed: Self.isReversed, loop)]
  }
}

extension OperatorCall {
  /// What a loop tells of the first two inputs, or of the second and the first.
  @inline(never)
  fileprivate func compared(isReversed: Bool, _ loop: PairLoop) throws(RuntimeError) -> Tensor {
    let arithmetic = self[0].elementType.arithmetic
    let first = try cast(self[0], to: arithmetic)
    let second = try cast(self[1], to: arithmetic)
    return try combined(isReversed ? second : first, isReversed ? first : second, to: outputTypes[0], loop)
  }
}

/// Finds the loop of a relation for a type.
private struct RelationLoop<Compared: Relation>: NumberVisitor {
  func visit<Number: RealNumber>(real number: Number.Type) -> PairLoop { loop(of: number) }

  func visit<Number: FixedWidthInteger & BitwiseCopyable>(integer number: Number.Type) -> PairLoop {
    loop(of: number)
  }

  @inline(__always)
  private func loop<Number: Comparable & BitwiseCopyable>(of number: Number.Type) -> PairLoop {
    { left, right, walk, memory in
      memory.combine(left, right, &walk, commutes: Compared.commutes) {
        (left: Number, right: Number) -> UInt8 in
        Compared.holds(left, right) ? 1 : 0
      }
    }
  }
}

enum Equality: Relation {
  static var commutes: Bool { true }
  static func holds<Number: Comparable>(_ left: Number, _ right: Number) -> Bool { left == right }
}

enum Order: Relation {
  static var commutes: Bool { false }
  static func holds<Number: Comparable>(_ left: Number, _ right: Number) -> Bool { left < right }
}

enum OrderOrEquality: Relation {
  static var commutes: Bool { false }
  static func holds<Number: Comparable>(_ left: Number, _ right: Number) -> Bool { left <= right }
}

struct Equal: Comparison {
  typealias Compared = Equality
  init(_ context: inout OperatorContext) {}
  static var elementTypes: [ElementType] { ElementType.numbers + [.bool] }
}

struct Less: Comparison {
  typealias Compared = Order
  init(_ context: inout OperatorContext) {}
}

struct LessOrEqual: Comparison {
  typealias Compared = OrderOrEquality
  init(_ context: inout OperatorContext) {}
}

struct Greater: Comparison {
  typealias Compared = Order
  init(_ context: inout OperatorContext) {}
  static var isReversed: Bool { true }
}

struct GreaterOrEqual: Comparison {
  typealias Compared = OrderOrEquality
  init(_ context: inout OperatorContext) {}
  static var isReversed: Bool { true }
}
