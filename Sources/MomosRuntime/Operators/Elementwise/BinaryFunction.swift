import MomosKernels
import MomosModel

/// An operator that combines two operands of one type element by element, broadcast to a common shape.
///
/// float16 and bfloat16 are computed in float32 and rounded.
protocol BinaryFunction: Operator {
  static var elementTypes: [ElementType] { get }
  /// Whether an integer zero on the right is an error.
  var dividesIntegers: Bool { get }
  /// The vector kernel that computes the function in float32; nil if there is none.
  var kernel: ElementOperation? { get }
  func value<Number: RealNumber>(real left: Number, _ right: Number) -> Number
  /// - Parameter right: not zero where the function divides.
  func value<Number: FixedWidthInteger>(integer left: Number, _ right: Number) -> Number
}

extension BinaryFunction {
  static var elementTypes: [ElementType] { ElementType.numbers }
  var dividesIntegers: Bool { false }
  var kernel: ElementOperation? { nil }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: Self.elementTypes)
    try inputs.requireEqualElementTypes()
    return [ValueType(inputs[0].elementType, try inputs.broadcastShape())]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    [try call.outputTypes[0].elementType.visit(BinaryMap(function: self, call: call))]
  }
}

private struct BinaryMap<Function: BinaryFunction>: NumberVisitor {
  let function: Function
  let call: OperatorCall

  func visit<Number: RealNumber>(real number: Number.Type) throws(RuntimeError) -> Tensor {
    let type = call.outputTypes[0]
    let arithmetic = type.elementType.arithmetic
    let left = try call.converted(call[0], to: arithmetic)
    let right = try call.converted(call[1], to: arithmetic)
    let result =
      if let kernel = function.kernel, arithmetic == .float32 {
        try call.combined(left, right, type.shape, kernel)
      } else {
        try call.combined(left, right, ValueType(arithmetic, type.shape), number) {
          function.value(real: $0, $1)
        }
      }
    return try call.converted(result, to: type.elementType)
  }

  func visit<Number: FixedWidthInteger & BitwiseCopyable>(
    integer number: Number.Type
  ) throws(RuntimeError) -> Tensor {
    let type = call.outputTypes[0]
    if function.dividesIntegers && type.shape.elementCount > 0 {
      let divisors = call[1].bytes.span(of: number)
      for index in divisors.indices where divisors[index] == 0 { throw .integerDivisionByZero(call.label) }
    }
    return try call.combined(call[0], call[1], type, number) { function.value(integer: $0, $1) }
  }
}
