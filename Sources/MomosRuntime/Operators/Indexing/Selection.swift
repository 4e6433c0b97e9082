import MomosModel

/// Where the elements other than zero lie: int64 `[rank, count]`, in row-major order.
struct NonZero: Operator {
  init(_ context: inout OperatorContext) {}

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    let count = try places(in: inputs.value(0)).count
    return [ValueType(.int64, try inputs.shape([inputs[0].shape.rank, count]))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let places = try places(in: call[0])
    let axes = Array(zip(call[0].shape.dimensions, call[0].shape.strides))
    return [
      try call.tensor(call.outputTypes[0], of: Int64.self, zeroed: false) { (target) throws(RuntimeError) in
        for (axis, (size, stride)) in axes.enumerated() {
          for (number, place) in places.enumerated() {
            target[axis * places.count + number] = Int64(place / stride % size)
          }
        }
      }
    ]
  }

  private func places(in tensor: Tensor) throws(RuntimeError) -> [Int] {
    try tensor.elementType.visitPattern(NonZeroPlaces(tensor: tensor))
  }
}

private struct NonZeroPlaces: PatternVisitor {
  let tensor: Tensor

  func visit<Pattern: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(pattern: Pattern.Type) -> [Int] {
    // Negative zero is zero.
    let mask = tensor.elementType.isFloatingPoint ? Pattern.max >> 1 : Pattern.max
    let values = tensor.bytes.span(of: pattern)
    var places: [Int] = []
    for index in values.indices where values[index] & mask != 0 { places.append(index) }
    return places
  }
}

/// The slices along an axis, without one the elements, that a list of bools selects.
struct Compress: Operator {
  private let axis: Int?

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    axis = try context.attributes.int("axis")
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(1, in: [.bool])
    guard inputs[1].shape.rank == 1 else { throw inputs.mismatch(expected: "a list of bools") }
    let shape = inputs[0].shape
    guard
      let axis = try axis.map({ axis throws(RuntimeError) in try inputs.resolved(axis: axis, rank: shape.rank)
      })
    else {
      let count = selected(try inputs.value(1), of: shape.elementCount).count
      return [ValueType(inputs[0].elementType, try inputs.shape([count]))]
    }
    var dimensions = shape.dimensions
    dimensions[axis] = selected(try inputs.value(1), of: shape[axis]).count
    return [ValueType(inputs[0].elementType, try inputs.shape(dimensions))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let shape = call[0].shape
    let type = call.outputTypes[0]
    guard let axis else {
      let runs = Runs(starts: selected(call[1], of: shape.elementCount), length: 1)
      return [try call.gathered(call[0], as: type, runs)]
    }
    if let empty = try call.emptyTensor(type) { return [empty] }
    let resolved = axis < 0 ? axis + shape.rank : axis
    let positions = selected(call[1], of: shape[resolved])
    let length = shape.dimensions[(resolved + 1)...].reduce(1, *)
    var starts: [Int] = []
    for outer in 0..<shape.dimensions[..<resolved].reduce(1, *) {
      for position in positions { starts.append((outer * shape[resolved] + position) * length) }
    }
    return [try call.gathered(call[0], as: type, Runs(starts: starts, length: length))]
  }

  private func selected(_ condition: Tensor, of length: Int) -> [Int] {
    let flags = condition.integers() ?? []
    return flags.indices.prefix(length).filter { flags[$0] != 0 }
  }
}
