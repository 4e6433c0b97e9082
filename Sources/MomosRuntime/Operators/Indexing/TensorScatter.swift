import MomosModel

/// A cache with new entries written into it along an axis, for each sample of the batch from a position of its own
/// on; in `circular` mode positions beyond the end begin anew.
struct TensorScatter: Operator {
  private let axis: Int
  private let isCircular: Bool

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    axis = try context.attributes.int("axis", default: -2)
    isCircular = try context.attributes.choice("mode", of: ["linear", "circular"]) == "circular"
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(2, in: [.int64])
    try inputs.requireEqualElementTypes(at: [0, 1])
    let shape = inputs[0].shape
    let axis = try inputs.resolved(axis: axis, rank: shape.rank)
    guard axis > 0 else { throw .axis(inputs.label, axis: axis, rank: shape.rank) }
    var update = inputs[1].shape.dimensions
    guard update.count == shape.rank, update[axis] <= shape[axis] else {
      throw inputs.mismatch(expected: "an update no longer than the cache along axis \(axis)")
    }
    update[axis] = shape[axis]
    guard update == shape.dimensions else {
      throw inputs.mismatch(expected: "equal sizes but along axis \(axis)")
    }
    if let positions = inputs.optional(2), positions.shape.dimensions != [shape[0]] {
      throw inputs.mismatch(expected: "one position for each sample")
    }
    return [inputs[0]]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let (cache, update) = (call[0].shape, call[1].shape)
    let axis = axis < 0 ? axis + cache.rank : axis
    let (length, count) = (cache[axis], update[axis])
    var positions = call.optional(2)?.integers() ?? [Int](repeating: 0, count: cache[0])
    for (sample, position) in positions.enumerated() {
      guard position >= 0, isCircular || position <= length - count else {
        throw .indexOutOfRange(call.label, index: position, count: length - count + 1)
      }
      if isCircular && length > 0 { positions[sample] = position % length }
    }
    if let empty = try call.emptyTensor(call.outputTypes[0]) { return [empty] }
    let run = cache.dimensions[(axis + 1)...].reduce(1, *)
    let outerCount = cache.dimensions[..<axis].reduce(1, *)
    var starts: [Int] = []
    for outer in 0..<outerCount {
      let position = positions[outer / (outerCount / cache[0])]
      for entry in 0..<count { starts.append((outer * length + (position + entry) % length) * run) }
    }
    return [try call.scattered(Runs(starts: starts, length: run), call[1])]
  }
}
