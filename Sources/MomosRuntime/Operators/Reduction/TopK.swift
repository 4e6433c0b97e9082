import MomosModel

/// The k largest or smallest elements along an axis in their order, and their positions, int64. Of equal elements the
/// earlier one comes first; a NaN counts as larger than every number.
///
/// Before operator set 10, k is an attribute.
struct TopK: Operator {
  private let axis: Int
  private let countAttribute: Int?
  private let takesLargest: Bool

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    axis = try context.attributes.int("axis", default: -1)
    let isInput = context.version >= 10
    countAttribute = isInput ? nil : try context.attributes.requiredInt("k")
    takesLargest = context.version >= 11 ? try context.attributes.flag("largest", default: true) : true
    // Elements in their order also are elements in any order.
    if context.version >= 11 { _ = try context.attributes.flag("sorted", default: true) }
    guard context.inputCount == (isInput ? 2 : 1) else {
      throw .inputCount(
        context.label, expected: isInput ? 2...2 : 1...1, found: context.inputCount)
    }
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.numbers)
    var dimensions = inputs[0].shape.dimensions
    let axis = try inputs.resolved(axis: axis, rank: dimensions.count)
    let count = try count(inputs)
    guard (0...dimensions[axis]).contains(count) else {
      throw .shapes(
        inputs.label, expected: "\(count) elements along axis \(axis)", found: [inputs[0].shape])
    }
    dimensions[axis] = count
    let shape = try inputs.shape(dimensions)
    return [ValueType(inputs[0].elementType, shape), ValueType(.int64, shape)]
  }

  private func count(_ inputs: InputTypes) throws(RuntimeError) -> Int {
    if let countAttribute { return countAttribute }
    try inputs.require(1, in: [.int64])
    let counts = try inputs.integers(1)
    guard counts.count == 1 else {
      throw .shapes(inputs.label, expected: "one count as input 1", found: [inputs[1].shape])
    }
    return counts[0]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let axis = axis < 0 ? axis + call[0].shape.rank : axis
    let source = AxisSlices(call[0].shape, axes: axis..<(axis + 1))
    let target = AxisSlices(call.outputTypes[0].shape, axes: axis..<(axis + 1))
    var values = try call.memory(call.outputTypes[0])
    var positions = try call.memory(call.outputTypes[1])
    let places = select(call[0], source, target, &positions)
    values.gather(call[0], Runs(starts: places, length: 1))
    return [values.tensor(), positions.tensor()]
  }

  /// Writes the positions of the chosen elements within their slices.
  /// - Returns: where each of them lies in the input.
  private func select(
    _ input: Tensor, _ source: AxisSlices, _ target: AxisSlices, _ positions: inout TensorMemory
  ) -> [Int] {
    var result = positions.elements(of: Int64.self)
    var places = [Int](repeating: 0, count: result.count)
    guard !result.isEmpty else { return places }
    let keys = OrderedKeys(input, takesLargest: takesLargest, isNaNFirst: takesLargest)
    var buffer = [Int64](repeating: 0, count: min(OrderedKeys.pieceLength, source.length))
    var piece = buffer.mutableSpan
    var heap = PositionHeap(limit: target.length)
    for slice in 0..<target.count {
      let (from, to) = (source.start(of: slice), target.start(of: slice))
      heap.clear()
      for first in stride(from: 0, to: source.length, by: piece.count) {
        var part = piece.part(0..<min(piece.count, source.length - first))
        keys.write(from: from + first * source.stride, stride: source.stride, to: &part)
        heap.offer(part.span, first: first)
      }
      heap.sort()
      for (rank, entry) in heap.entries.enumerated() {
        result[to + rank * target.stride] = Int64(entry.position)
        places[to + rank * target.stride] = from + entry.position * source.stride
      }
    }
    return places
  }
}
