import MomosModel

/// The upper or lower triangle of every matrix, the rest zero; `k` moves the diagonal up.
struct Trilu: Operator {
  private let isUpper: Bool

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    isUpper = try context.attributes.flag("upper", default: true)
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(1, in: [.int64])
    guard inputs[0].shape.rank >= 2 else { throw inputs.mismatch(expected: "matrices") }
    if let diagonal = inputs.optional(1), diagonal.shape.elementCount != 1 {
      throw inputs.mismatch(expected: "one element in input 1")
    }
    return [inputs[0]]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let diagonal = call.optional(1)?.integers()?.first ?? 0
    return [
      try call[0].elementType.visitPattern(Triangle(call: call, diagonal: diagonal, isUpper: isUpper))
    ]
  }
}

private struct Triangle: PatternVisitor {
  let call: OperatorCall
  let diagonal: Int
  let isUpper: Bool

  func visit<Pattern: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    pattern: Pattern.Type
  ) throws(RuntimeError) -> Tensor {
    let dimensions = call[0].shape.dimensions
    let (rows, columns) = (dimensions[dimensions.count - 2], dimensions[dimensions.count - 1])
    let diagonal = min(max(self.diagonal, -rows - 1), columns + 1)
    let values = call[0].bytes.span(of: pattern)
    return try call.tensor(call[0].type, of: pattern) { (target) throws(RuntimeError) in
      guard columns > 0 else { return }
      for start in stride(from: 0, to: values.count, by: columns) {
        let row = start / columns % rows
        let edge = row + diagonal + (isUpper ? 0 : 1)
        let split = start + min(max(edge, 0), columns)
        for index in isUpper ? split..<(start + columns) : start..<split { target[index] = values[index] }
      }
    }
  }
}

/// Ones on a diagonal of a matrix, `k` above the main one, and zeros.
struct EyeLike: Operator {
  private let elementType: ElementType?
  private let diagonal: Int

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    diagonal = try context.attributes.int("k", default: 0)
    guard let number = try context.attributes.int("dtype") else {
      elementType = nil
      return
    }
    elementType = ElementType(rawValue: number)
    guard elementType != nil else {
      throw .attributeValue(
        context.label, attribute: "dtype", expected: "the number of an element type", found: "\(number)")
    }
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    guard inputs[0].shape.rank == 2 else { throw inputs.mismatch(expected: "a matrix") }
    return [ValueType(elementType ?? inputs[0].elementType, inputs[0].shape)]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    [try call.outputTypes[0].elementType.visitPattern(Diagonal(call: call, diagonal: diagonal))]
  }
}

private struct Diagonal: PatternVisitor {
  let call: OperatorCall
  let diagonal: Int

  func visit<Pattern: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    pattern: Pattern.Type
  ) throws(RuntimeError) -> Tensor {
    let type = call.outputTypes[0]
    let (rows, columns) = (type.shape[0], type.shape[1])
    let one = Pattern(truncatingIfNeeded: type.elementType.patternOfOne)
    let diagonal = min(max(self.diagonal, -rows), columns)
    return try call.tensor(type, of: pattern) { (target) throws(RuntimeError) in
      let first = max(0, -diagonal)
      for row in first..<max(first, min(rows, columns - diagonal)) {
        target[row * columns + row + diagonal] = one
      }
    }
  }
}

extension ElementType {
  /// The bits of the number 1.
  fileprivate var patternOfOne: UInt64 {
    switch self {
    case .float32: UInt64(Float(1).bitPattern)
    case .float64: Double(1).bitPattern
    case .float16: UInt64(Float16(1).bitPattern)
    case .bfloat16: UInt64(Float(1).bfloat16Bits)
    default: 1
    }
  }
}
