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
    let elementType = call[0].elementType
    let arithmetic = elementType.arithmetic
    var limits: [Tensor?] = []
    for position in 1...2 {
      limits.append(
        try call.optional(position).map { (limit) throws(RuntimeError) in
          try call.cast(limit, to: arithmetic)
        })
    }
    let loop = try elementType.visit(
      Limitation(lowerTensor: limits[0], upperTensor: limits[1], lower: lower, upper: upper))
    let input = try call.cast(call[0], to: arithmetic)
    return [try call.cast(try call.mapped(input, to: input.type, loop), to: elementType)]
  }
}

/// Finds the loop for a type.
private struct Limitation: NumberVisitor {
  /// The limits that are inputs, in the type in which is computed.
  let lowerTensor: Tensor?
  let upperTensor: Tensor?
  let lower: Float?
  let upper: Float?

  func visit<Number: RealNumber>(real number: Number.Type) -> ElementLoop {
    let lower = limit(lowerTensor, number) ?? lower.map { Number($0) } ?? -Number.infinity
    let upper = limit(upperTensor, number) ?? upper.map { Number($0) } ?? Number.infinity
    return { source, memory in memory.map(source) { (x: Number) in x.atLeast(lower).atMost(upper) } }
  }

  func visit<Number: FixedWidthInteger & BitwiseCopyable>(integer number: Number.Type) -> ElementLoop {
    let lower = limit(lowerTensor, number) ?? Number.min
    let upper = limit(upperTensor, number) ?? Number.max
    return { source, memory in memory.map(source) { (x: Number) in min(upper, max(lower, x)) } }
  }

  private func limit<Number: BitwiseCopyable>(_ tensor: Tensor?, _ number: Number.Type) -> Number? {
    guard let tensor else { return nil }
    let values = tensor.bytes.span(of: number)
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
