import MomosModel

/// Which axes a reduction reduces, from an attribute or, in later operator sets, an input.
struct ReducedAxes {
  private let attribute: [Int]?
  private let keepsAxes: Bool
  /// Whether no axes mean none instead of all.
  private let emptyMeansNone: Bool
  private let areInput: Bool

  /// - Parameter inputSince: version of the operator set from which the axes are an input.
  init(_ context: inout OperatorContext, inputSince: Int) throws(RuntimeError) {
    areInput = context.version >= inputSince
    keepsAxes = try context.attributes.flag("keepdims", default: true)
    emptyMeansNone =
      areInput ? try context.attributes.flag("noop_with_empty_axes", default: false) : false
    attribute = areInput ? nil : try context.attributes.ints("axes")
    if !areInput && context.inputCount > 1 {
      throw .inputCount(context.label, expected: 1...1, found: context.inputCount)
    }
  }

  /// The type of the result: the input's, which must be one of some, without the reduced axes, or with a size of 1 for
  /// each.
  func resultType(_ inputs: InputTypes, of elementTypes: [ElementType]) throws(RuntimeError) -> ValueType {
    try inputs.require(0, in: elementTypes)
    if areInput { try inputs.require(1, in: [.int64]) }
    let given = areInput ? inputs.optional(1) == nil ? nil : try inputs.integers(1) : attribute
    let dimensions = inputs[0].shape.dimensions
    var reduced: Set<Int> = []
    for axis in given ?? [] {
      guard reduced.insert(try inputs.resolved(axis: axis, rank: dimensions.count)).inserted else {
        throw repeated(given ?? [], inputs.label)
      }
    }
    if reduced.isEmpty && !emptyMeansNone { reduced = Set(dimensions.indices) }
    let kept = dimensions.enumerated().compactMap { reduced.contains($0) ? (keepsAxes ? 1 : nil) : $1 }
    return ValueType(inputs[0].elementType, try inputs.shape(kept))
  }

  private func repeated(_ axes: [Int], _ label: NodeLabel) -> RuntimeError {
    let (expected, found) = ("every axis once", "\(axes)")
    return areInput
      ? .inputValue(label, position: 1, expected: expected, found: found)
      : .attributeValue(label, attribute: "axes", expected: expected, found: found)
  }

  /// The input's shape with a size of 1 for each reduced axis.
  func keptShape(_ call: OperatorCall) throws(RuntimeError) -> Shape {
    let dimensions = call[0].shape.dimensions
    let given = areInput ? call.optional(1)?.integers() : attribute
    var reduced = Set((given ?? []).map { $0 < 0 ? $0 + dimensions.count : $0 })
    if reduced.isEmpty && !emptyMeansNone { reduced = Set(dimensions.indices) }
    return try call.shape(dimensions.enumerated().map { reduced.contains($0) ? 1 : $1 })
  }
}
