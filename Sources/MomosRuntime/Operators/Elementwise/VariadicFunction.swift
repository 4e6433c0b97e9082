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
  /// What becomes of the joined real operands in the end.
  static func finished<Number: RealNumber>(_ value: Number, operandCount: Int) -> Number
}

extension VariadicFunction {
  static var kernel: ElementOperation? { nil }
  static func joined<Number: FixedWidthInteger>(integer left: Number, _ right: Number) -> Number {
    preconditionFailure("refused by inference")
  }
  static func finished<Number: RealNumber>(_ value: Number, operandCount: Int) -> Number { value }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: Self.elementTypes)
    try inputs.requireEqualElementTypes()
    return [ValueType(inputs[0].elementType, try inputs.broadcastShape())]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    [try call.outputTypes[0].elementType.visit(Fold<Self>(call: call))]
  }
}

private struct Fold<Function: VariadicFunction>: NumberVisitor {
  let call: OperatorCall

  func visit<Number: RealNumber>(real number: Number.Type) throws(RuntimeError) -> Tensor {
    let type = call.outputTypes[0]
    let arithmetic = type.elementType.arithmetic
    if let kernel = Function.kernel, type.elementType == .float32, call.inputs.count == 2 {
      return try call.combined(call[0], call[1], type.shape, kernel)
    }
    var operands: [Tensor] = []
    for position in call.inputs.indices {
      operands.append(try call.converted(call[position], to: arithmetic))
    }
    let result = try call.folded(
      operands, ValueType(arithmetic, type.shape), number, { Function.joined(real: $0, $1) },
      { Function.finished($0, operandCount: operands.count) })
    return try call.converted(result, to: type.elementType)
  }

  func visit<Number: FixedWidthInteger & BitwiseCopyable>(
    integer number: Number.Type
  ) throws(RuntimeError) -> Tensor {
    try call.folded(
      call.inputs.indices.map { call[$0] }, call.outputTypes[0], number,
      { Function.joined(integer: $0, $1) }, { $0 })
  }
}

extension OperatorCall {
  /// Joins one or more tensors of one element type in their order, broadcast to the shape of `type`.
  @inline(__always)
  fileprivate func folded<Element: BitwiseCopyable>(
    _ operands: [Tensor], _ type: ValueType, _ element: Element.Type,
    _ join: (Element, Element) -> Element, _ finish: (Element) -> Element
  ) throws(RuntimeError) -> Tensor {
    try tensor(type, of: element, zeroed: false) { (target) throws(RuntimeError) in
      for (position, operand) in operands.enumerated() {
        let values = operand.bytes.span(of: element)
        var walk = BroadcastWalk(operands: [operand.shape.dimensions], to: type.shape.dimensions)
        while walk.next() {
          let run = values.extracting(walk.elements(of: 0))
          let step = walk.steps[0]
          var targetRun = target.part(walk.start..<(walk.start + walk.runLength))
          if position == 0 {
            for index in targetRun.indices { targetRun[index] = run[index &* step] }
          } else {
            for index in targetRun.indices { targetRun[index] = join(targetRun[index], run[index &* step]) }
          }
        }
      }
      for index in target.indices { target[index] = finish(target[index]) }
    }
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
  static func finished<Number: RealNumber>(_ value: Number, operandCount: Int) -> Number {
    value / Number(operandCount)
  }
}
