import MomosModel

/// The distinct elements, or the distinct slices along an axis, in ascending order or in that of their first
/// appearance; and on request where each appears first, which one each of the input is, and how often each appears.
///
/// NaNs equal each other and come last.
struct Unique: Operator {
  private let axis: Int?
  private let isSorted: Bool
  private let outputCount: Int

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    axis = try context.attributes.int("axis")
    isSorted = try context.attributes.flag("sorted", default: true)
    outputCount = context.outputCount
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    let shape = inputs[0].shape
    if let axis {
      let resolved = try inputs.resolved(axis: axis, rank: shape.rank)
      guard shape.elementCount > 0 || shape[resolved] == 0 else {
        throw inputs.mismatch(expected: "elements in every slice along axis \(resolved)")
      }
    }
    let slices = DistinctSlices(try inputs.value(0), axis: axis, isSorted: isSorted)
    var dimensions = axis == nil ? [0] : shape.dimensions
    dimensions[resolvedAxis(shape)] = slices.firsts.count
    let list = ValueType(.int64, Shape(vector: slices.firsts.count))
    let types = [
      ValueType(inputs[0].elementType, try inputs.shape(dimensions)), list,
      ValueType(.int64, Shape(vector: slices.numbers.count)), list,
    ]
    return Array(types.prefix(outputCount))
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let shape = axis == nil ? Shape(vector: call[0].elementCount) : call[0].shape
    let slices = DistinctSlices(call[0], axis: axis, isSorted: isSorted)
    let axis = resolvedAxis(shape)
    let outerCount = slices.firsts.isEmpty ? 0 : shape.dimensions[..<axis].reduce(1, *)
    let length = shape.dimensions[(axis + 1)...].reduce(1, *)
    var starts: [Int] = []
    for outer in 0..<outerCount {
      for first in slices.firsts { starts.append((outer * shape[axis] + first) * length) }
    }
    var outputs = [
      try call.gathered(call[0], as: call.outputTypes[0], Runs(starts: starts, length: length))
    ]
    for (type, list) in zip(call.outputTypes.dropFirst(), [slices.firsts, slices.numbers, slices.counts]) {
      outputs.append(
        try call.tensor(type, of: Int64.self, zeroed: false) { (target) throws(RuntimeError) in
          for index in target.indices { target[index] = Int64(list[index]) }
        })
    }
    return outputs
  }

  private func resolvedAxis(_ shape: Shape) -> Int {
    guard let axis else { return 0 }
    return axis < 0 ? axis + shape.rank : axis
  }
}

/// The slices of a tensor along an axis, equal ones joined.
private struct DistinctSlices {
  /// Position of the first slice of each kind.
  private(set) var firsts: [Int] = []
  private(set) var counts: [Int] = []
  /// For every slice the number of its kind.
  private(set) var numbers: [Int]

  init(_ tensor: Tensor, axis: Int?, isSorted: Bool) {
    let shape = axis == nil ? Shape(vector: tensor.elementCount) : tensor.shape
    let axis = axis.map { $0 < 0 ? $0 + shape.rank : $0 } ?? 0
    var keys = [Int64](repeating: 0, count: tensor.elementCount)
    var span = keys.mutableSpan
    OrderedKeys(tensor).write(from: 0, stride: 1, to: &span)
    let stride = shape.strides[axis]
    let others = keys.isEmpty ? [] : shape.dimensions.indices.filter { $0 != axis }
    let places = StridedPositions(
      dimensions: others.map { shape[$0] }, strides: others.map { shape.strides[$0] }
    ).places()
    /// Whether the first slice comes before the second; nil if they are equal.
    func isBefore(_ left: Int, _ right: Int) -> Bool? {
      for place in places {
        let (leftKey, rightKey) = (keys[place + left * stride], keys[place + right * stride])
        if leftKey != rightKey { return leftKey < rightKey }
      }
      return nil
    }
    numbers = [Int](repeating: 0, count: shape[axis])
    var kinds: [[Int]] = []
    for slice in numbers.indices.sorted(by: { isBefore($0, $1) ?? ($0 < $1) }) {
      if let last = kinds.last, isBefore(last[0], slice) == nil {
        kinds[kinds.count - 1].append(slice)
      } else {
        kinds.append([slice])
      }
    }
    if !isSorted { kinds.sort { $0[0] < $1[0] } }
    for (number, kind) in kinds.enumerated() {
      firsts.append(kind[0])
      counts.append(kind.count)
      for slice in kind { numbers[slice] = number }
    }
  }
}
