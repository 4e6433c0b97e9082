import MomosModel

/// The element, or the limit it lies beyond: the smaller of the upper limit and the larger of lower limit and element.
///
/// A NaN stays NaN. Limits are attributes before operator set 11, then scalars; one that is left out limits nothing.
struct Clip: Operator {
  private let lower: Float?
  private let upper: Float?

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    let hasAttributes = context.version < 11
    lower = hasAttributes ? try context.attributes.optionalFloat("min") : nil
    upper = hasAttributes ? try context.attributes.optionalFloat("max") : nil
    if hasAttributes && context.inputCount > 1 {
      throw .inputCount(context.label, expected: 1...1, found: context.inputCount)
    }
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.numbers)
    try inputs.requireEqualElementTypes()
    for position in 1...2 {
      guard inputs.optional(position)?.shape.elementCount ?? 1 == 1 else {
        throw inputs.mismatch(expected: "limits of one element")
      }
    }
    return [inputs[0]]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    [try call[0].elementType.visit(Limitation(call: call, lower: lower, upper: upper))]
  }
}

private struct Limitation: NumberVisitor {
  let call: OperatorCall
  let lower: Float?
  let upper: Float?

  func visit<Number: RealNumber>(real number: Number.Type) throws(RuntimeError) -> Tensor {
    let elementType = call[0].elementType
    let lower = try limit(1, number) ?? lower.map { Number($0) } ?? -Number.infinity
    let upper = try limit(2, number) ?? upper.map { Number($0) } ?? Number.infinity
    let input = try call.converted(call[0], to: elementType.arithmetic)
    let result = try call.mapped(input, number) { $0.atLeast(lower).atMost(upper) }
    return try call.converted(result, to: elementType)
  }

  func visit<Number: FixedWidthInteger & BitwiseCopyable>(
    integer number: Number.Type
  ) throws(RuntimeError) -> Tensor {
    let lower = try limit(1, number) ?? Number.min
    let upper = try limit(2, number) ?? Number.max
    return try call.mapped(call[0], number) { min(upper, max(lower, $0)) }
  }

  private func limit<Number: BitwiseCopyable>(
    _ position: Int, _ number: Number.Type
  ) throws(RuntimeError) -> Number? {
    guard let tensor = call.optional(position) else { return nil }
    let limits = try call.converted(tensor, to: tensor.elementType.arithmetic)
    let values = limits.bytes.span(of: number)
    return values[0]
  }
}

extension BinaryFloatingPoint {
  /// The larger of both numbers; NaN if either is.
  @inline(__always)
  func atLeast(_ limit: Self) -> Self { self > limit || self != self ? self : limit }

  /// The smaller of both numbers; NaN if either is.
  @inline(__always)
  func atMost(_ limit: Self) -> Self { self < limit || self != self ? self : limit }
}
