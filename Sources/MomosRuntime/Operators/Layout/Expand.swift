import MomosModel

/// The tensor broadcast with a shape: sizes of 1 are repeated, on either side.
struct Expand: Operator {
  init(_ context: inout OperatorContext) {}

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(1, in: [.int64])
    let requested = try inputs.integers(1)
    guard let dimensions = Broadcasting.dimensions([inputs[0].shape.dimensions, requested]) else {
      throw .shapes(
        inputs.label, expected: "a shape that broadcasts with \(requested)", found: [inputs[0].shape])
    }
    return [ValueType(inputs[0].elementType, try inputs.shape(dimensions))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let type = call.outputTypes[0]
    let source = call[0].shape
    let added = type.shape.rank - source.rank
    let strides = source.strides
    let repeated = type.shape.dimensions.indices.map { axis in
      axis < added || source[axis - added] == 1 ? 0 : strides[axis - added]
    }
    let copy = StridedCopy(type.shape.dimensions, source: repeated, target: type.shape.strides)
    return [try call.arranged(call[0], as: type, copy)]
  }
}

/// The tensor put side by side along every axis as often as the second input says.
struct Tile: Operator {
  init(_ context: inout OperatorContext) {}

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(1, in: [.int64])
    let counts = try inputs.integers(1)
    let source = inputs[0].shape
    guard counts.count == source.rank else {
      throw .shapes(inputs.label, expected: "one axis for each count of \(counts)", found: [source])
    }
    var dimensions: [Int] = []
    for (size, count) in zip(source.dimensions, counts) {
      let (product, overflow) = size.multipliedReportingOverflow(by: count)
      guard !overflow else {
        throw .inputValue(inputs.label, position: 1, expected: "counts of tiles that fit", found: "\(counts)")
      }
      dimensions.append(product)
    }
    return [ValueType(inputs[0].elementType, try inputs.shape(dimensions))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let type = call.outputTypes[0]
    guard type.shape.elementCount > 0 else {
      return [try call.arranged(call[0], as: type, StridedCopy([0], source: [0], target: [0]))]
    }
    // Every axis is two: the tiles, and the elements of one.
    let source = call[0].shape
    var (dimensions, from, to): ([Int], [Int], [Int]) = ([], [], [])
    for (axis, (stride, targetStride)) in zip(source.strides, type.shape.strides).enumerated() {
      dimensions += [type.shape[axis] / source[axis], source[axis]]
      from += [0, stride]
      to += [targetStride * source[axis], targetStride]
    }
    return [try call.arranged(call[0], as: type, StridedCopy(dimensions, source: from, target: to))]
  }
}
