import MomosModel

/// The types of a node's inputs during shape inference; an omitted optional input is nil.
struct InputTypes {
  let label: NodeLabel
  let types: [ValueType?]
  /// Inputs whose elements are known already: constants, and all inputs once the operator is to be executed.
  let values: [Tensor?]

  /// The type of an input that the operator requires.
  subscript(position: Int) -> ValueType {
    guard let type = types[position] else { preconditionFailure("the plan checked required inputs") }
    return type
  }

  /// The elements of an input that decides the type of an output.
  ///
  /// - Throws: `valueNotKnown` before they are known; the plan then asks again when they are.
  func value(_ position: Int) throws(RuntimeError) -> Tensor {
    guard let value = values[position] else { throw .valueNotKnown(label, position: position) }
    return value
  }

  /// The elements of an integer input of rank 0 or 1 that decides the type of an output, as `value`.
  func integers(_ position: Int) throws(RuntimeError) -> [Int] {
    try require(position, in: ElementType.integers)
    guard self[position].shape.rank <= 1 else {
      throw .shapes(label, expected: "rank 0 or 1 of input \(position)", found: [self[position].shape])
    }
    guard let integers = try value(position).integers() else {
      throw .shapes(label, expected: "sizes below 2^63 of input \(position)", found: [self[position].shape])
    }
    return integers
  }

  /// The type of an optional input.
  func optional(_ position: Int) -> ValueType? {
    position < types.count ? types[position] : nil
  }

  /// Refuses an input whose element type the operator does not take.
  func require(_ position: Int, in expected: [ElementType]) throws(RuntimeError) {
    guard let type = optional(position), !expected.contains(type.elementType) else { return }
    throw .elementType(label, position: position, expected: expected, found: type.elementType)
  }

  /// Refuses inputs of different element types.
  func requireEqualElementTypes() throws(RuntimeError) {
    let found = types.compactMap { $0?.elementType }
    if Set(found).count > 1 { throw .elementTypesDiffer(label, found) }
  }

  /// An axis in `0..<rank` from one that may count from the end.
  func resolved(axis: Int, rank: Int) throws(RuntimeError) -> Int {
    guard axis >= -rank, axis < rank else { throw .axis(label, axis: axis, rank: rank) }
    return axis < 0 ? axis + rank : axis
  }

  func shape(_ dimensions: [Int]) throws(RuntimeError) -> Shape {
    do { return try Shape(dimensions) } catch { throw .model(error, place: label.description) }
  }

  /// The error for shapes that contradict the operator.
  func mismatch(expected: String) -> RuntimeError {
    .shapes(label, expected: expected, found: types.compactMap { $0?.shape })
  }
}
