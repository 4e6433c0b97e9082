import MomosKernels
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
    let dimensions = call[0].shape.dimensions
    let (rows, columns) = (dimensions[dimensions.count - 2], dimensions[dimensions.count - 1])
    let diagonal = min(max(call.optional(1)?.integers()?.first ?? 0, -rows - 1), columns + 1)
    let width = call[0].elementType.byteCount
    let values = call[0].bytes.span(of: UInt8.self)
    var memory = try call.memory(call[0].type, zeroed: true)
    var target = memory.elements(of: UInt8.self)
    for start in stride(from: 0, to: call[0].elementCount, by: max(columns, 1)) {
      let edge = start / columns % rows + diagonal + (isUpper ? 0 : 1)
      let split = start + min(max(edge, 0), columns)
      let kept = isUpper ? split..<(start + columns) : start..<split
      let bytes = (kept.lowerBound * width)..<(kept.upperBound * width)
      ByteCopy.copy(values.extracting(bytes), to: &target, at: bytes.lowerBound)
    }
    return [memory.tensor()]
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
    let type = call.outputTypes[0]
    let (rows, columns) = (type.shape[0], type.shape[1])
    let diagonal = min(max(self.diagonal, -rows), columns)
    let first = max(0, -diagonal)
    let ones = (first..<max(first, min(rows, columns - diagonal))).map { $0 * columns + $0 + diagonal }
    var memory = try call.memory(type, zeroed: true)
    memory.scatter(try one(type.elementType, call), to: Runs(starts: ones, length: 1))
    return [memory.tensor()]
  }

  private func one(_ elementType: ElementType, _ call: OperatorCall) throws(RuntimeError) -> Tensor {
    let number = try call.label.place { () throws(ModelError) in
      try Tensor([Int64(1)], shape: Shape(vector: 1))
    }
    return try call.cast(number, to: elementType)
  }
}
