import MomosModel

/// Its input.
struct Identity: Operator {
  init(_ context: inout OperatorContext) {}

  func inferOutputs(_ inputs: InputTypes) -> [ValueType] { [inputs[0]] }

  var sharedInput: Int? { 0 }

  func execute(_ call: OperatorCall) -> [Tensor] { [call[0]] }
}

/// The axes before `axis` joined to rows, the others to columns.
struct Flatten: Operator {
  private let axis: Int
  private let mayCountFromEnd: Bool

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    axis = try context.attributes.int("axis", default: 1)
    mayCountFromEnd = context.version >= 11
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    let dimensions = inputs[0].shape.dimensions
    let rank = dimensions.count
    guard axis >= (mayCountFromEnd ? -rank : 0), axis <= rank else {
      throw .axis(inputs.label, axis: axis, rank: rank)
    }
    let first = axis < 0 ? axis + rank : axis
    let shape = try inputs.shape([dimensions[..<first].reduce(1, *), dimensions[first...].reduce(1, *)])
    return [ValueType(inputs[0].elementType, shape)]
  }

  var sharedInput: Int? { 0 }

  func execute(_ call: OperatorCall) -> [Tensor] { [call[0].reshaped(to: call.outputTypes[0].shape)] }
}

/// The same elements under the shape that the second input gives: -1 stands for what is left over, 0 for the size of
/// the input's axis or, with `allowzero`, for zero.
struct Reshape: Operator {
  private let allowsZero: Bool

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    allowsZero = context.version >= 14 ? try context.attributes.flag("allowzero", default: false) : false
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(1, in: [.int64])
    let requested = try inputs.integers(1)
    let isValid =
      requested.allSatisfy { $0 >= -1 } && requested.count(where: { $0 == -1 }) <= 1
      && !(allowsZero && requested.contains(-1) && requested.contains(0))
    guard isValid else {
      throw .inputValue(
        inputs.label, position: 1,
        expected: "sizes with at most one -1, and that not beside a 0 that means zero", found: "\(requested)")
    }
    let source = inputs[0].shape
    var dimensions = requested
    for (axis, size) in requested.enumerated() where size == 0 && !allowsZero {
      guard axis < source.rank else {
        throw mismatch(inputs, requested)
      }
      dimensions[axis] = source[axis]
    }
    if let open = dimensions.firstIndex(of: -1) {
      dimensions[open] = 1
      let known = try inputs.shape(dimensions).elementCount
      guard known > 0, source.elementCount.isMultiple(of: known) else { throw mismatch(inputs, requested) }
      dimensions[open] = source.elementCount / known
    }
    let shape = try inputs.shape(dimensions)
    guard shape.elementCount == source.elementCount else { throw mismatch(inputs, requested) }
    return [ValueType(inputs[0].elementType, shape)]
  }

  var sharedInput: Int? { 0 }

  func execute(_ call: OperatorCall) -> [Tensor] { [call[0].reshaped(to: call.outputTypes[0].shape)] }

  private func mismatch(_ inputs: InputTypes, _ requested: [Int]) -> RuntimeError {
    .shapes(inputs.label, expected: "as many elements as \(requested)", found: [inputs[0].shape])
  }
}
