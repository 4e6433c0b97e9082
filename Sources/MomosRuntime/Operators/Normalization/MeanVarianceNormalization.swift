import MomosModel

/// (x - mean) / (standard deviation + 1e-9), with mean and deviation over some axes.
struct MeanVarianceNormalization: Float64Operator {
  private let axes: [Int]

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    axes = try context.attributes.ints("axes") ?? [0, 2, 3]
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint)
    for axis in axes { _ = try inputs.resolved(axis: axis, rank: inputs[0].shape.rank) }
    return [inputs[0]]
  }

  func compute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let shape = call[0].shape
    guard shape.elementCount > 0 else { return [call[0]] }
    let groups = groups(of: shape)
    let values = call[0].bytes.span(of: Double.self)
    var means = [Double](repeating: 0, count: groups.count)
    var deviations = means
    for index in values.indices { means[groups.number(of: index)] += values[index] }
    for group in means.indices { means[group] /= Double(groups.length) }
    for index in values.indices {
      let group = groups.number(of: index)
      let deviation = values[index] - means[group]
      deviations[group] += deviation * deviation
    }
    for group in means.indices {
      deviations[group] = (deviations[group] / Double(groups.length)).squareRoot() + 1e-9
    }
    return [
      try call.tensor(call[0].type, of: Double.self) { (target) throws(RuntimeError) in
        for index in values.indices {
          let group = groups.number(of: index)
          target[index] = (values[index] - means[group]) / deviations[group]
        }
      }
    ]
  }

  private func groups(of shape: Shape) -> ElementGroups {
    let reduced = Set(axes.map { $0 < 0 ? $0 + shape.rank : $0 })
    return ElementGroups(shape, reduced: reduced)
  }
}

/// The elements of a tensor grouped by their positions along the axes that are not reduced.
private struct ElementGroups {
  private var strides: [(size: Int, stride: Int, groupStride: Int)] = []
  private(set) var count = 1
  private(set) var length = 1

  init(_ shape: Shape, reduced: Set<Int>) {
    var stride = 1
    for axis in (0..<shape.rank).reversed() {
      strides.append((shape[axis], stride, reduced.contains(axis) ? 0 : count))
      stride *= shape[axis]
      if reduced.contains(axis) { length *= shape[axis] } else { count *= shape[axis] }
    }
  }

  /// The group of the element at a flat position.
  func number(of position: Int) -> Int {
    strides.reduce(0) { $0 + position / $1.stride % $1.size * $1.groupStride }
  }
}
