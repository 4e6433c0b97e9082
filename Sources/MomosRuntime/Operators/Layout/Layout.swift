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

/// The axes in the order of `perm`, or reversed.
struct Transpose: Operator {
  private let permutation: [Int]?

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    permutation = try context.attributes.ints("perm")
    if let permutation, permutation.sorted() != Array(0..<permutation.count) {
      throw .attributeValue(
        context.label, attribute: "perm", expected: "every axis once", found: "\(permutation)")
    }
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    let shape = inputs[0].shape
    let permutation = permutation(rank: shape.rank)
    guard permutation.count == shape.rank else {
      throw inputs.mismatch(expected: "rank \(permutation.count), as perm has")
    }
    return [ValueType(inputs[0].elementType, try inputs.shape(permutation.map { shape[$0] }))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    [try call.transposed(call[0], permutation(rank: call[0].shape.rank))]
  }

  private func permutation(rank: Int) -> [Int] {
    permutation ?? (0..<rank).reversed()
  }
}

/// The inputs one after the other along an axis.
struct Concat: Operator {
  private let axis: Int
  private let mayCountFromEnd: Bool

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    axis = try context.attributes.requiredInt("axis")
    mayCountFromEnd = context.version >= 11
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.requireEqualElementTypes()
    var dimensions = inputs[0].shape.dimensions
    guard axis >= 0 || mayCountFromEnd else {
      throw .axis(inputs.label, axis: axis, rank: dimensions.count)
    }
    let axis = try inputs.resolved(axis: axis, rank: dimensions.count)
    for position in inputs.types.indices.dropFirst() {
      var other = inputs[position].shape.dimensions
      guard other.count == dimensions.count else { throw mismatch(inputs, axis) }
      let length = other[axis]
      other[axis] = dimensions[axis]
      guard other == dimensions else { throw mismatch(inputs, axis) }
      dimensions[axis] += length
    }
    return [ValueType(inputs[0].elementType, try inputs.shape(dimensions))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    switch call.outputTypes[0].elementType.byteCount {
    case 1: [try joined(call, UInt8.self)]
    case 2: [try joined(call, UInt16.self)]
    case 4: [try joined(call, UInt32.self)]
    default: [try joined(call, UInt64.self)]
    }
  }

  private func joined<Element: BitwiseCopyable>(
    _ call: OperatorCall, _ element: Element.Type
  ) throws(RuntimeError) -> Tensor {
    let type = call.outputTypes[0]
    let axis = axis < 0 ? axis + type.shape.rank : axis
    let outerCount = type.shape.dimensions[..<axis].reduce(1, *)
    let rowLength = type.shape.dimensions[axis...].reduce(1, *)
    return try call.tensor(type, of: element) { (target) throws(RuntimeError) in
      var start = 0
      for position in call.inputs.indices {
        let source = call[position].bytes.span(of: element)
        let length = call[position].shape.dimensions[axis...].reduce(1, *)
        for outer in 0..<outerCount {
          for index in 0..<length {
            target[outer * rowLength + start + index] = source[outer * length + index]
          }
        }
        start += length
      }
    }
  }

  private func mismatch(_ inputs: InputTypes, _ axis: Int) -> RuntimeError {
    inputs.mismatch(expected: "equal sizes but along axis \(axis)")
  }
}
