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
    let selection = TopSelection(
      call: call, takesLargest: takesLargest,
      source: AxisSlices(call[0].shape, axes: axis..<(axis + 1)),
      target: AxisSlices(call.outputTypes[0].shape, axes: axis..<(axis + 1)))
    return try call[0].elementType.visit(selection)
  }
}

private struct TopSelection: NumberVisitor {
  let call: OperatorCall
  let takesLargest: Bool
  let source: AxisSlices
  let target: AxisSlices

  func visit<Number: RealNumber>(real number: Number.Type) throws(RuntimeError) -> [Tensor] {
    let elementType = call[0].elementType
    let input = try call.converted(call[0], to: elementType.arithmetic)
    let positions = try positions(input, number)
    let values = try values(input, positions, number)
    return [try call.converted(values, to: elementType), positions]
  }

  func visit<Number: FixedWidthInteger & BitwiseCopyable>(
    integer number: Number.Type
  ) throws(RuntimeError) -> [Tensor] {
    let positions = try positions(call[0], number)
    return [try values(call[0], positions, number), positions]
  }

  private func values<Number: BitwiseCopyable>(
    _ input: Tensor, _ positions: Tensor, _ number: Number.Type
  ) throws(RuntimeError) -> Tensor {
    let elements = input.bytes.span(of: number)
    let positions = positions.bytes.span(of: Int64.self)
    let type = ValueType(input.elementType, call.outputTypes[0].shape)
    return try call.tensor(type, of: number, zeroed: false) { (result) throws(RuntimeError) in
      guard target.length > 0 else { return }
      for slice in 0..<target.count {
        let (from, to) = (source.start(of: slice), target.start(of: slice))
        for rank in 0..<target.length {
          let index = to + rank * target.stride
          result[index] = elements[from + Int(positions[index]) * source.stride]
        }
      }
    }
  }

  private func positions<Number: Comparable & BitwiseCopyable>(
    _ input: Tensor, _ number: Number.Type
  ) throws(RuntimeError) -> Tensor {
    let elements = input.bytes.span(of: number)
    return try call.tensor(call.outputTypes[1], of: Int64.self, zeroed: false) {
      (result) throws(RuntimeError) in
      guard target.length > 0 else { return }
      for slice in 0..<target.count {
        let order = SliceOrder(
          values: elements, start: source.start(of: slice), stride: source.stride, takesLargest: takesLargest)
        var heap = PositionHeap(start: target.start(of: slice), stride: target.stride)
        for position in 0..<source.length { heap.offer(position, order, limit: target.length, &result) }
        heap.sort(order, &result)
      }
    }
  }
}
