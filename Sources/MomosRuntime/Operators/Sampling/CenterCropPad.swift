import MomosModel

/// The middle of the input along axes that become shorter, and the input in the middle of zeros along those that become
/// longer.
struct CenterCropPad: Operator {
  private let axes: [Int]?

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    axes = try context.attributes.ints("axes")
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    var dimensions = inputs[0].shape.dimensions
    let sizes = try inputs.integers(1)
    let axes = axes ?? Array(dimensions.indices)
    guard sizes.count == axes.count else { throw inputs.mismatch(expected: "\(axes.count) sizes") }
    for (axis, size) in zip(axes, sizes) {
      dimensions[try inputs.resolved(axis: axis, rank: dimensions.count)] = size
    }
    return [ValueType(inputs[0].elementType, try inputs.shape(dimensions))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    [try call[0].elementType.visitPattern(CenteredCopy(call: call))]
  }
}

private struct CenteredCopy: PatternVisitor {
  let call: OperatorCall

  func visit<Pattern: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    pattern: Pattern.Type
  ) throws(RuntimeError) -> Tensor {
    let (input, type) = (call[0].shape, call.outputTypes[0])
    let rank = input.rank
    let values = call[0].bytes.span(of: pattern)
    return try call.tensor(type, of: pattern) { (target) throws(RuntimeError) in
      let common = (0..<rank).map { min(input[$0], type.shape[$0]) }
      guard !common.contains(0) else { return }
      let sources = (0..<rank).map { (input[$0] - common[$0]) / 2 }
      let targets = (0..<rank).map { (type.shape[$0] - common[$0]) / 2 }
      let length = common.last ?? 1
      for line in 0..<(common.dropLast().reduce(1, *)) {
        var positions = [Int](repeating: 0, count: rank)
        var rest = line
        for axis in (0..<max(rank - 1, 0)).reversed() {
          positions[axis] = rest % common[axis]
          rest /= common[axis]
        }
        var (from, to) = (0, 0)
        for axis in 0..<rank {
          from = from * input[axis] + sources[axis] + positions[axis]
          to = to * type.shape[axis] + targets[axis] + positions[axis]
        }
        for index in 0..<length { target[to + index] = values[from + index] }
      }
    }
  }
}
