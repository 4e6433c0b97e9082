import MomosModel

/// Every `step`-th position of some axes between a start and an end, backwards where the step is negative. Starts and
/// ends beyond an axis are moved to it.
///
/// Starts, ends and axes are attributes before operator set 10, later inputs, and steps are one.
struct Slice: Operator {
  private let starts: [Int]?
  private let ends: [Int]?
  private let axes: [Int]?

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    guard context.version < 10 else {
      (starts, ends, axes) = (nil, nil, nil)
      guard context.inputCount >= 3 else {
        throw .inputCount(context.label, expected: 3...5, found: context.inputCount)
      }
      return
    }
    starts = try context.attributes.ints("starts")
    ends = try context.attributes.ints("ends")
    axes = try context.attributes.ints("axes")
    if starts == nil { throw .missingAttribute(context.label, attribute: "starts") }
    if ends == nil { throw .missingAttribute(context.label, attribute: "ends") }
    guard context.inputCount == 1 else {
      throw .inputCount(context.label, expected: 1...1, found: context.inputCount)
    }
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    let positions = try positions(inputs)
    return [ValueType(inputs[0].elementType, try inputs.shape(positions.map(\.count)))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let positions = try positions(call.inputTypes)
    let type = call.outputTypes[0]
    let strides = call[0].shape.strides
    // The distance of a step beyond the axis is never walked, but must not overflow.
    let steps = zip(positions, strides).map { $0.count > 1 ? $0.step * $1 : 0 }
    let start = zip(positions, strides).reduce(0) { $0 + $1.0.start * $1.1 }
    let copy = StridedCopy(type.shape.dimensions, source: steps, from: start, target: type.shape.strides)
    return [try call.arranged(call[0], as: type, copy)]
  }

  /// What is taken of every axis.
  private func positions(_ inputs: InputTypes) throws(RuntimeError) -> [AxisPositions] {
    let shape = inputs[0].shape
    var positions = shape.dimensions.map { AxisPositions(start: 0, step: 1, count: $0) }
    let starts = try integers(inputs, 1) ?? self.starts ?? []
    let ends = try integers(inputs, 2) ?? self.ends ?? []
    let axes = try integers(inputs, 3) ?? self.axes ?? Array(starts.indices)
    let steps = try integers(inputs, 4) ?? starts.map { _ in 1 }
    guard ends.count == starts.count, axes.count == starts.count, steps.count == starts.count else {
      throw inputs.mismatch(
        expected: "as many starts (\(starts.count)) as ends (\(ends.count)), axes (\(axes.count)) and steps "
          + "(\(steps.count))")
    }
    var seen: Set<Int> = []
    for number in starts.indices {
      let axis = try inputs.resolved(axis: axes[number], rank: shape.rank)
      guard seen.insert(axis).inserted else {
        throw inputs.mismatch(expected: "each axis at most once, not \(axes)")
      }
      guard steps[number] != 0 else {
        throw .inputValue(inputs.label, position: 4, expected: "steps other than 0", found: "\(steps)")
      }
      positions[axis] = AxisPositions(
        from: starts[number], to: ends[number], by: steps[number], of: shape[axis])
    }
    return positions
  }

  private func integers(_ inputs: InputTypes, _ position: Int) throws(RuntimeError) -> [Int]? {
    inputs.optional(position) == nil ? nil : try inputs.integers(position)
  }
}

/// Evenly spaced positions of an axis.
private struct AxisPositions {
  let start: Int
  let step: Int
  let count: Int

  init(start: Int, step: Int, count: Int) {
    (self.start, self.step, self.count) = (start, step, count)
  }

  /// - Parameters:
  ///   - start: the first position; below 0 it counts from the end.
  ///   - end: the position to stop before, in the direction of `step`; below 0 it counts from the end.
  init(from start: Int, to end: Int, by step: Int, of length: Int) {
    let first = start < 0 ? start + length : start
    let last = end < 0 ? end + length : end
    let distance: Int
    if step > 0 {
      self.start = min(max(first, 0), length)
      distance = min(max(last, 0), length) - self.start
    } else {
      self.start = min(max(first, -1), length - 1)
      distance = self.start - min(max(last, -1), length - 1)
    }
    self.step = step
    count = distance > 0 ? Int((UInt(distance) - 1) / step.magnitude) + 1 : 0
  }
}
