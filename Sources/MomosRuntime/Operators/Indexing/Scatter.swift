import MomosModel

/// A copy of a tensor in which some runs of elements are replaced by updates, input 2, or joined with them.
protocol ScatterOperator: Operator {
  var reduction: ScatterReduction { get }
  func runs(_ call: OperatorCall) throws(RuntimeError) -> Runs
}

extension ScatterOperator {
  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let runs = try runs(call)
    let elementType = call[0].elementType
    if reduction == .none {
      return [try elementType.visitPattern(Replacement(call: call, updates: call[2], runs: runs))]
    }
    let result = try elementType.visit(
      Joint(
        call: call, runs: runs, reduction: reduction,
        source: try call.converted(call[0], to: elementType.arithmetic),
        updates: try call.converted(call[2], to: elementType.arithmetic)))
    return [try call.converted(result, to: elementType)]
  }
}

enum ScatterReduction: String {
  case none, add, mul, max, min

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    let names = context.version >= 18 ? ["none", "add", "mul", "max", "min"] : ["none", "add", "mul"]
    let name = context.version >= 16 ? try context.attributes.choice("reduction", of: names) : "none"
    self = Self(rawValue: name) ?? .none
  }

  /// The element types that can be joined so.
  func require(_ inputs: InputTypes) throws(RuntimeError) {
    if self != .none { try inputs.require(0, in: ElementType.floatingPoint + ElementType.integers) }
    try inputs.requireEqualElementTypes(at: [0, 2])
  }
}

extension InputTypes {
  /// Refuses different element types at some positions.
  func requireEqualElementTypes(at positions: [Int]) throws(RuntimeError) {
    let found = positions.compactMap { optional($0)?.elementType }
    if Set(found).count > 1 { throw .elementTypesDiffer(label, found) }
  }
}

/// Updates at the places of single elements, which indices name along an axis.
struct ScatterElements: ScatterOperator {
  let reduction: ScatterReduction
  private let axis: Int

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    axis = try context.attributes.int("axis", default: 0)
    reduction = try ScatterReduction(&context)
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(1, in: [.int32, .int64])
    try reduction.require(inputs)
    try inputs.requireElementIndices(axis: axis)
    guard inputs[1].shape == inputs[2].shape else {
      throw inputs.mismatch(expected: "as many updates as indices")
    }
    return [inputs[0]]
  }

  func runs(_ call: OperatorCall) throws(RuntimeError) -> Runs {
    Runs(starts: try call.elementPlaces(axis: axis), length: 1)
  }
}

/// Updates at the places of slices, which index tuples name.
struct ScatterND: ScatterOperator {
  let reduction: ScatterReduction

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    reduction = try ScatterReduction(&context)
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(1, in: [.int64])
    try reduction.require(inputs)
    let (source, indices) = (inputs[0].shape.dimensions, inputs[1].shape.dimensions)
    guard let tupleLength = indices.last, tupleLength > 0, tupleLength <= source.count,
      inputs[2].shape.dimensions == Array(indices.dropLast() + source[tupleLength...])
    else { throw inputs.mismatch(expected: "index tuples of the first, and one slice of it for each") }
    return [inputs[0]]
  }

  func runs(_ call: OperatorCall) throws(RuntimeError) -> Runs { try call.tupleRuns(batchRank: 0) }
}

/// Input 0 with updates in place of the elements of some runs.
struct Replacement: PatternVisitor {
  let call: OperatorCall
  let updates: Tensor
  let runs: Runs

  func visit<Pattern: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    pattern: Pattern.Type
  ) throws(RuntimeError) -> Tensor {
    let values = updates.bytes.span(of: pattern)
    return try call.scattered(call[0], values, runs) { $1 }
  }
}

private struct Joint: NumberVisitor {
  let call: OperatorCall
  let runs: Runs
  let reduction: ScatterReduction
  let source: Tensor
  let updates: Tensor

  func visit<Number: RealNumber>(real: Number.Type) throws(RuntimeError) -> Tensor {
    let values = updates.bytes.span(of: real)
    switch reduction {
    case .none: return try call.scattered(source, values, runs) { $1 }
    case .add: return try call.scattered(source, values, runs) { $0 + $1 }
    case .mul: return try call.scattered(source, values, runs) { $0 * $1 }
    // A NaN on either side stays.
    case .max: return try call.scattered(source, values, runs) { $0 > $1 || $0.isNaN ? $0 : $1 }
    case .min: return try call.scattered(source, values, runs) { $0 < $1 || $0.isNaN ? $0 : $1 }
    }
  }

  func visit<Number: FixedWidthInteger & BitwiseCopyable>(
    integer: Number.Type
  ) throws(RuntimeError) -> Tensor {
    let values = updates.bytes.span(of: integer)
    switch reduction {
    case .none: return try call.scattered(source, values, runs) { $1 }
    case .add: return try call.scattered(source, values, runs) { $0 &+ $1 }
    case .mul: return try call.scattered(source, values, runs) { $0 &* $1 }
    case .max: return try call.scattered(source, values, runs) { Swift.max($0, $1) }
    case .min: return try call.scattered(source, values, runs) { Swift.min($0, $1) }
    }
  }
}

extension OperatorCall {
  /// A copy of `source` in which `combine` of the element and its update replaces each element of the runs, in order.
  @inline(__always)
  fileprivate func scattered<Element: BitwiseCopyable>(
    _ source: Tensor, _ updates: Span<Element>, _ runs: Runs, _ combine: (Element, Element) -> Element
  ) throws(RuntimeError) -> Tensor {
    let values = source.bytes.span(of: Element.self)
    return try tensor(source.type, of: Element.self, zeroed: false) { (target) throws(RuntimeError) in
      for index in values.indices { target[index] = values[index] }
      for (number, start) in runs.starts.enumerated() {
        for index in 0..<runs.length {
          target[start + index] = combine(target[start + index], updates[number * runs.length + index])
        }
      }
    }
  }
}
