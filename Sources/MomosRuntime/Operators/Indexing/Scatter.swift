import MomosModel

/// A copy of a tensor in which some runs of elements are replaced by updates, input 2, or joined with them.
protocol ScatterOperator: Operator {
  var reduction: ScatterReduction { get }
  func runs(_ call: OperatorCall) throws(RuntimeError) -> Runs
}

extension ScatterOperator {
  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    [try call.scattered(runs(call), call[2], reduction)]
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

extension OperatorCall {
  /// Input 0 with `updates` in place of the elements of some runs, or joined with them in order.
  func scattered(
    _ runs: Runs, _ updates: Tensor, _ reduction: ScatterReduction = .none
  ) throws(RuntimeError) -> Tensor {
    let elementType = self[0].elementType
    if reduction == .none {
      var memory = try memory(self[0].type)
      memory.copy(self[0])
      memory.scatter(updates, to: runs)
      return memory.tensor()
    }
    let source = try cast(self[0], to: elementType.arithmetic)
    let others = try cast(updates, to: elementType.arithmetic)
    var memory = try memory(source.type)
    memory.copy(source)
    let joining = ScatterJoining(updates: others, runs: runs, reduction: reduction)
    switch source.elementType {
    case .float32: joining.join(to: &memory, Float.self)
    case .float64: joining.join(to: &memory, Double.self)
    default: joining.joinIntegers(to: &memory)
    }
    return try cast(memory.tensor(), to: elementType)
  }
}

/// Elements of runs joined with updates.
private struct ScatterJoining {
  let updates: Tensor
  let runs: Runs
  let reduction: ScatterReduction

  func join<Number: RealNumber>(to memory: inout TensorMemory, _ number: Number.Type) {
    switch reduction {
    case .none: return
    case .add: forEach(in: &memory, number) { $0 + $1 }
    case .mul: forEach(in: &memory, number) { $0 * $1 }
    // A NaN on either side stays.
    case .max: forEach(in: &memory, number) { $0 > $1 || $0.isNaN ? $0 : $1 }
    case .min: forEach(in: &memory, number) { $0 < $1 || $0.isNaN ? $0 : $1 }
    }
  }

  /// Sums and products have the same bits with and without a sign; numbers are compared as if they had none, those with
  /// a sign after it was turned around.
  func joinIntegers(to memory: inout TensorMemory) {
    let hasSign = ElementType.signedIntegers.contains(memory.type.elementType)
    switch memory.type.elementType.byteCount {
    case 1: join(to: &memory, sign: hasSign ? UInt8(1) << 7 : 0)
    case 2: join(to: &memory, sign: hasSign ? UInt16(1) << 15 : 0)
    case 4: join(to: &memory, sign: hasSign ? UInt32(1) << 31 : 0)
    default: join(to: &memory, sign: hasSign ? UInt64(1) << 63 : 0)
    }
  }

  private func join<Pattern: FixedWidthInteger & BitwiseCopyable>(
    to memory: inout TensorMemory, sign: Pattern
  ) {
    switch reduction {
    case .none: return
    case .add: forEach(in: &memory, Pattern.self) { $0 &+ $1 }
    case .mul: forEach(in: &memory, Pattern.self) { $0 &* $1 }
    case .max: forEach(in: &memory, Pattern.self) { $0 ^ sign > $1 ^ sign ? $0 : $1 }
    case .min: forEach(in: &memory, Pattern.self) { $0 ^ sign < $1 ^ sign ? $0 : $1 }
    }
  }

  @inline(__always)
  private func forEach<Element: BitwiseCopyable>(
    in memory: inout TensorMemory, _ element: Element.Type, _ combine: (Element, Element) -> Element
  ) {
    let values = updates.bytes.span(of: element)
    var target = memory.elements(of: element)
    var place = 0
    for start in runs.starts {
      for index in start..<(start + runs.length) {
        target[index] = combine(target[index], values[place])
        place += 1
      }
    }
  }
}
