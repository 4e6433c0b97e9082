import MomosKernels
import MomosModel

/// The sum; integers wrap.
struct Add: WrappingFunction {
  init(_ context: inout OperatorContext) {}

  static var commutes: Bool { true }
  var kernel: ElementOperation? { .add }
  func value<Number: RealNumber>(real left: Number, _ right: Number) -> Number { left + right }
  func value<Number: FixedWidthInteger>(integer left: Number, _ right: Number) -> Number { left &+ right }
}

/// The difference; integers wrap.
struct Sub: WrappingFunction {
  init(_ context: inout OperatorContext) {}

  var kernel: ElementOperation? { .subtract }
  func value<Number: RealNumber>(real left: Number, _ right: Number) -> Number { left - right }
  func value<Number: FixedWidthInteger>(integer left: Number, _ right: Number) -> Number { left &- right }
}

/// The product; integers wrap.
struct Mul: WrappingFunction {
  init(_ context: inout OperatorContext) {}

  static var commutes: Bool { true }
  var kernel: ElementOperation? { .multiply }
  func value<Number: RealNumber>(real left: Number, _ right: Number) -> Number { left * right }
  func value<Number: FixedWidthInteger>(integer left: Number, _ right: Number) -> Number { left &* right }
}

/// The quotient; that of integers is truncated, and wraps where it is too large.
struct Div: BinaryFunction {
  init(_ context: inout OperatorContext) {}

  var dividesIntegers: Bool { true }
  var kernel: ElementOperation? { .divide }
  func value<Number: RealNumber>(real left: Number, _ right: Number) -> Number { left / right }
  func value<Number: FixedWidthInteger>(integer left: Number, _ right: Number) -> Number {
    left.dividedReportingOverflow(by: right).partialValue
  }
}

/// The remainder of the division rounded down, which has the sign of the divisor, or with `fmod` of the division
/// truncated, which has the sign of the dividend.
///
/// For real numbers the remainder is exact; a divisor of zero and an infinite dividend give NaN. Before operator set
/// 28 real numbers need `fmod`.
struct Mod: BinaryFunction {
  private let isTruncated: Bool
  private let takesFlooredReals: Bool

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    isTruncated = try context.attributes.flag("fmod", default: false)
    takesFlooredReals = context.version >= 28
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(
      0, in: isTruncated || takesFlooredReals ? ElementType.numbers : ElementType.integers)
    try inputs.requireEqualElementTypes()
    return [ValueType(inputs[0].elementType, try inputs.broadcastShape())]
  }

  var dividesIntegers: Bool { true }

  func value<Number: RealNumber>(real left: Number, _ right: Number) -> Number {
    let remainder = Number.remainder(left, right)
    if isTruncated || remainder.isNaN { return remainder }
    if remainder == 0 { return Number(signOf: right, magnitudeOf: 0) }
    return (remainder < 0) == (right < 0) ? remainder : remainder + right
  }

  func value<Number: FixedWidthInteger>(integer left: Number, _ right: Number) -> Number {
    let remainder = left.remainderReportingOverflow(dividingBy: right).partialValue
    if isTruncated || remainder == 0 || (remainder < 0) == (right < 0) { return remainder }
    return remainder + right
  }
}

/// The element itself, or where it is negative its product with the slope, which is broadcast to the first operand.
struct PRelu: BinaryFunction {
  init(_ context: inout OperatorContext) {}

  static var elementTypes: [ElementType] { ElementType.floatingPoint + [.int32, .int64, .uint32, .uint64] }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: Self.elementTypes)
    try inputs.requireEqualElementTypes()
    let dimensions = inputs[0].shape.dimensions
    guard Broadcasting.dimensions([dimensions, inputs[1].shape.dimensions]) == dimensions else {
      throw inputs.mismatch(expected: "the second to broadcast to the first")
    }
    return [inputs[0]]
  }

  func value<Number: RealNumber>(real left: Number, _ right: Number) -> Number {
    left < 0 ? left * right : left
  }
  func value<Number: FixedWidthInteger>(integer left: Number, _ right: Number) -> Number {
    left < 0 ? left &* right : left
  }
}
