import MomosModel

/// A function of two integers or bools, bit by bit.
protocol BitFunction: BinaryFunction {}

extension BitFunction {
  static var elementTypes: [ElementType] { ElementType.integers }

  func value<Number: RealNumber>(real left: Number, _ right: Number) -> Number {
    preconditionFailure("refused by inference")
  }
}

struct BitwiseAnd: BitFunction, WrappingFunction {
  init(_ context: inout OperatorContext) {}
  static var commutes: Bool { true }
  func value<Number: FixedWidthInteger>(integer left: Number, _ right: Number) -> Number { left & right }
}

struct BitwiseOr: BitFunction, WrappingFunction {
  init(_ context: inout OperatorContext) {}
  static var commutes: Bool { true }
  func value<Number: FixedWidthInteger>(integer left: Number, _ right: Number) -> Number { left | right }
}

struct BitwiseXor: BitFunction, WrappingFunction {
  init(_ context: inout OperatorContext) {}
  static var commutes: Bool { true }
  func value<Number: FixedWidthInteger>(integer left: Number, _ right: Number) -> Number { left ^ right }
}

/// The first operand shifted by as many bits as the second says; to the right the sign fills what becomes free.
///
/// A count that is negative or not below the width shifts every bit out.
struct BitShift: BitFunction {
  private let isLeft: Bool

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    guard let direction = try context.attributes.string("direction") else {
      throw .missingAttribute(context.label, attribute: "direction")
    }
    guard direction == "LEFT" || direction == "RIGHT" else {
      throw .attributeValue(
        context.label, attribute: "direction", expected: "LEFT or RIGHT", found: direction)
    }
    isLeft = direction == "LEFT"
  }

  func value<Number: FixedWidthInteger>(integer left: Number, _ right: Number) -> Number {
    if right < 0 || right >= Number.bitWidth { return isLeft || left >= 0 ? 0 : ~0 }
    return isLeft ? left &<< right : left &>> right
  }
}

/// A function of two truth values, the order of which does not matter.
protocol LogicFunction: Operator {
  func holds(_ left: Bool, _ right: Bool) -> Bool
}

extension LogicFunction {
  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: [.bool])
    try inputs.requireEqualElementTypes()
    return [ValueType(.bool, try inputs.broadcastShape())]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let truths = try call.combinedIntegers { left, right, walk, memory in
      memory.combine(left, right, &walk, commutes: true) { (left: UInt8, right: UInt8) -> UInt8 in
        holds(left != 0, right != 0) ? 1 : 0
      }
    }
    return [truths]
  }
}

struct And: LogicFunction {
  init(_ context: inout OperatorContext) {}
  func holds(_ left: Bool, _ right: Bool) -> Bool { left && right }
}

struct Or: LogicFunction {
  init(_ context: inout OperatorContext) {}
  func holds(_ left: Bool, _ right: Bool) -> Bool { left || right }
}

struct Xor: LogicFunction {
  init(_ context: inout OperatorContext) {}
  func holds(_ left: Bool, _ right: Bool) -> Bool { left != right }
}
