import MomosModel

/// The axes that Squeeze and Unsqueeze are given: an attribute before operator set 13, later an input.
private struct AxisList {
  private let attribute: [Int]?
  private let isInput: Bool
  private let mayCountFromEnd: Bool

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    isInput = context.version >= 13 && context.inputCount > 1
    mayCountFromEnd = context.version >= 11
    attribute = context.version < 13 ? try context.attributes.ints("axes") : nil
    if context.version < 13 && context.inputCount > 1 {
      throw .inputCount(context.label, expected: 1...1, found: context.inputCount)
    }
  }

  var isGiven: Bool { isInput || attribute != nil }

  /// Each axis once, resolved for a rank; nil where none are given.
  func axes(_ inputs: InputTypes, rank: (Int) -> Int) throws(RuntimeError) -> Set<Int>? {
    guard let given = isInput ? try inputs.integers(1) : attribute else { return nil }
    let rank = rank(given.count)
    var axes: Set<Int> = []
    for axis in given {
      guard axis >= 0 || mayCountFromEnd else { throw .axis(inputs.label, axis: axis, rank: rank) }
      guard axes.insert(try inputs.resolved(axis: axis, rank: rank)).inserted else {
        throw inputs.mismatch(expected: "each axis at most once, not \(given)")
      }
    }
    return axes
  }
}

/// The tensor without some axes of size 1, by default without all of them.
struct Squeeze: Operator {
  private let axes: AxisList

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    axes = try AxisList(&context)
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    let dimensions = inputs[0].shape.dimensions
    let removed =
      try axes.axes(inputs) { _ in dimensions.count }
      ?? Set(dimensions.indices.filter { dimensions[$0] == 1 })
    guard removed.allSatisfy({ dimensions[$0] == 1 }) else {
      throw inputs.mismatch(expected: "size 1 along the axes \(removed.sorted())")
    }
    let kept = dimensions.indices.filter { !removed.contains($0) }.map { dimensions[$0] }
    return [ValueType(inputs[0].elementType, try inputs.shape(kept))]
  }

  var sharedInput: Int? { 0 }

  func execute(_ call: OperatorCall) -> [Tensor] { [call[0].reshaped(to: call.outputTypes[0].shape)] }
}

/// The tensor with axes of size 1 put in, at places that count in the result.
struct Unsqueeze: Operator {
  private let axes: AxisList

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    axes = try AxisList(&context)
    guard !axes.isGiven else { return }
    if context.version >= 13 { throw .inputCount(context.label, expected: 2...2, found: context.inputCount) }
    throw .missingAttribute(context.label, attribute: "axes")
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    let dimensions = inputs[0].shape.dimensions
    let added = try axes.axes(inputs) { $0 + dimensions.count } ?? []
    var rest = dimensions[...]
    let expanded = (0..<(dimensions.count + added.count)).map { axis in
      added.contains(axis) ? 1 : rest.removeFirst()
    }
    return [ValueType(inputs[0].elementType, try inputs.shape(expanded))]
  }

  var sharedInput: Int? { 0 }

  func execute(_ call: OperatorCall) -> [Tensor] { [call[0].reshaped(to: call.outputTypes[0].shape)] }
}
