import MomosModel

/// Add, Sub, Mul and Div: two operands of one type, broadcast to a common shape.
///
/// float16 and bfloat16 are computed in float32 and rounded. Integers wrap; their division truncates.
protocol ArithmeticOperator: Operator {
  static var isDivision: Bool { get }
  static func value<Number: BinaryFloatingPoint>(_ left: Number, _ right: Number) -> Number
  /// The result modulo 2^width; a divisor is not zero.
  static func wrappingValue<Number: FixedWidthInteger>(_ left: Number, _ right: Number) -> Number
}

extension ArithmeticOperator {
  static var isDivision: Bool { false }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint + ElementType.integers)
    try inputs.requireEqualElementTypes()
    guard let dimensions = Broadcasting.dimensions([inputs[0].shape.dimensions, inputs[1].shape.dimensions])
    else { throw inputs.mismatch(expected: "shapes that broadcast to a common one") }
    return [ValueType(inputs[0].elementType, try inputs.shape(dimensions))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let type = call.outputTypes[0]
    switch type.elementType {
    case .float32, .float16, .bfloat16: return [try floats(call, type, Float.self)]
    case .float64: return [try floats(call, type, Double.self)]
    case .int8: return [try integers(call, type, Int8.self)]
    case .int16: return [try integers(call, type, Int16.self)]
    case .int32: return [try integers(call, type, Int32.self)]
    case .int64: return [try integers(call, type, Int64.self)]
    case .uint8: return [try integers(call, type, UInt8.self)]
    case .uint16: return [try integers(call, type, UInt16.self)]
    case .uint32: return [try integers(call, type, UInt32.self)]
    case .uint64: return [try integers(call, type, UInt64.self)]
    case .bool: preconditionFailure("refused by inference")
    }
  }

  private func floats<Number: BinaryFloatingPoint & BitwiseCopyable>(
    _ call: OperatorCall, _ type: ValueType, _ number: Number.Type
  ) throws(RuntimeError) -> Tensor {
    let arithmetic = type.elementType.arithmetic
    let result = try call.combined(
      try call.converted(call[0], to: arithmetic), try call.converted(call[1], to: arithmetic),
      ValueType(arithmetic, type.shape), number
    ) { Self.value($0, $1) }
    return try call.converted(result, to: type.elementType)
  }

  private func integers<Number: FixedWidthInteger & BitwiseCopyable>(
    _ call: OperatorCall, _ type: ValueType, _ number: Number.Type
  ) throws(RuntimeError) -> Tensor {
    if Self.isDivision && type.shape.elementCount > 0 {
      let divisors = call[1].bytes.span(of: number)
      for index in divisors.indices where divisors[index] == 0 { throw .integerDivisionByZero(call.label) }
    }
    return try call.combined(call[0], call[1], type, number) { Self.wrappingValue($0, $1) }
  }
}

struct Add: ArithmeticOperator {
  init(_ context: inout OperatorContext) {}

  static func value<Number: BinaryFloatingPoint>(_ left: Number, _ right: Number) -> Number { left + right }
  static func wrappingValue<Number: FixedWidthInteger>(_ left: Number, _ right: Number) -> Number {
    left &+ right
  }
}

struct Sub: ArithmeticOperator {
  init(_ context: inout OperatorContext) {}

  static func value<Number: BinaryFloatingPoint>(_ left: Number, _ right: Number) -> Number { left - right }
  static func wrappingValue<Number: FixedWidthInteger>(_ left: Number, _ right: Number) -> Number {
    left &- right
  }
}

struct Mul: ArithmeticOperator {
  init(_ context: inout OperatorContext) {}

  static func value<Number: BinaryFloatingPoint>(_ left: Number, _ right: Number) -> Number { left * right }
  static func wrappingValue<Number: FixedWidthInteger>(_ left: Number, _ right: Number) -> Number {
    left &* right
  }
}

struct Div: ArithmeticOperator {
  init(_ context: inout OperatorContext) {}

  static var isDivision: Bool { true }
  static func value<Number: BinaryFloatingPoint>(_ left: Number, _ right: Number) -> Number { left / right }
  static func wrappingValue<Number: FixedWidthInteger>(_ left: Number, _ right: Number) -> Number {
    left.dividedReportingOverflow(by: right).partialValue
  }
}

extension OperatorCall {
  /// Combines two tensors of one element type element by element, broadcast to the shape of `type`.
  @inline(__always)
  func combined<Element: BitwiseCopyable>(
    _ left: Tensor, _ right: Tensor, _ type: ValueType, _ element: Element.Type,
    _ combine: (Element, Element) -> Element
  ) throws(RuntimeError) -> Tensor {
    var walk = BroadcastWalk(
      operands: [left.shape.dimensions, right.shape.dimensions], to: type.shape.dimensions)
    let lefts = left.bytes.span(of: element)
    let rights = right.bytes.span(of: element)
    return try tensor(type, of: element) { (target) throws(RuntimeError) in
      while walk.next() {
        let leftRun = lefts.extracting(walk.elements(of: 0))
        let rightRun = rights.extracting(walk.elements(of: 1))
        var targetRun = target.part(walk.start..<(walk.start + walk.runLength))
        // An operand that the run repeats is one element, so that every loop is plain.
        if walk.steps[0] == 0 {
          for index in rightRun.indices { targetRun[index] = combine(leftRun[0], rightRun[index]) }
        } else if walk.steps[1] == 0 {
          for index in leftRun.indices { targetRun[index] = combine(leftRun[index], rightRun[0]) }
        } else {
          for index in targetRun.indices { targetRun[index] = combine(leftRun[index], rightRun[index]) }
        }
      }
    }
  }
}
