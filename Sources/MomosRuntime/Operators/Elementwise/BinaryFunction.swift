import MomosKernels
import MomosModel

/// An operator that combines two operands of one type element by element, broadcast to a common shape.
///
/// float16 and bfloat16 are computed in float32 and rounded, integers in int64 or uint64, of which the low bits are kept.
protocol BinaryFunction: Operator {
  static var elementTypes: [ElementType] { get }
  /// Whether an integer zero on the right is an error.
  var dividesIntegers: Bool { get }
  /// Whether the order of the operands does not matter.
  static var commutes: Bool { get }
  /// The vector kernel that computes the function in float32; nil if there is none.
  var kernel: ElementOperation? { get }
  func value<Number: RealNumber>(real left: Number, _ right: Number) -> Number
  /// - Parameter right: not zero where the function divides.
  func value<Number: FixedWidthInteger>(integer left: Number, _ right: Number) -> Number
}

extension BinaryFunction {
  static var elementTypes: [ElementType] { ElementType.numbers }
  var dividesIntegers: Bool { false }
  static var commutes: Bool { false }
  var kernel: ElementOperation? { nil }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: Self.elementTypes)
    try inputs.requireEqualElementTypes()
    return [ValueType(inputs[0].elementType, try inputs.broadcastShape())]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    if call[0].elementType.isFloatingPoint { return [try combinedReals(call)] }
    if dividesIntegers { try call.refuseZeroDivisors() }
    return [try call.combinedWide(loop(of: Int64.self), loop(of: UInt64.self))]
  }

  @inline(__always)
  fileprivate func combinedReals(_ call: OperatorCall) throws(RuntimeError) -> Tensor {
    try call.combinedReals(kernel, realLoop(of: Float.self), realLoop(of: Double.self))
  }

  @inline(__always)
  private func realLoop<Number: RealNumber>(of number: Number.Type) -> PairLoop {
    { left, right, walk, memory in
      memory.combine(left, right, &walk, commutes: Self.commutes) { (left: Number, right: Number) in
        value(real: left, right)
      }
    }
  }

  @inline(__always)
  fileprivate func loop<Number: FixedWidthInteger & BitwiseCopyable>(of number: Number.Type) -> PairLoop {
    { left, right, walk, memory in
      memory.combine(left, right, &walk, commutes: Self.commutes) { (left: Number, right: Number) in
        value(integer: left, right)
      }
    }
  }
}

/// A function whose integers wrap: the low bits of its value depend on the low bits of the operands only, so that those
/// of one width, signed or not, are computed by one loop.
protocol WrappingFunction: BinaryFunction {}

extension WrappingFunction {
  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let elementType = call[0].elementType
    if elementType.isFloatingPoint { return [try combinedReals(call)] }
    return [try call.combinedIntegers(elementType.visitPattern(WrappingPairs(function: self)))]
  }
}

/// Finds the loop of a function for a width.
private struct WrappingPairs<Function: WrappingFunction>: PatternVisitor {
  let function: Function

  func visit<Pattern: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    pattern: Pattern.Type
  ) -> PairLoop { function.loop(of: pattern) }
}

extension OperatorCall {
  /// Checks the second of two inputs of integers, if anything is divided by it.
  @inline(never)
  fileprivate func refuseZeroDivisors() throws(RuntimeError) {
    guard outputTypes[0].shape.elementCount > 0 else { return }
    if try self[1].elementType.visitPattern(ZeroSearch(tensor: self[1])) {
      throw .integerDivisionByZero(label)
    }
  }
}

private struct ZeroSearch: PatternVisitor {
  let tensor: Tensor

  func visit<Pattern: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(pattern: Pattern.Type) -> Bool {
    let values = tensor.bytes.span(of: pattern)
    for index in values.indices where values[index] == 0 { return true }
    return false
  }
}
