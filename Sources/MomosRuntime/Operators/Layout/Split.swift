import MomosModel

/// The parts of a tensor along an axis: of the sizes that `split` gives, or equal ones. With `num_outputs` the last
/// part may be smaller.
struct Split: Operator {
  private let axis: Int
  private let sizes: [Int]?
  private let takesSizes: Bool
  /// How many equal parts there are, and whether the last one may be smaller.
  private let partCount: Int
  private let isLastSmaller: Bool
  private let outputCount: Int

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    axis = try context.attributes.int("axis", default: 0)
    sizes = context.version < 13 ? try context.attributes.ints("split") : nil
    takesSizes = context.inputCount > 1
    outputCount = context.outputCount
    if takesSizes && context.version < 13 {
      throw .inputCount(context.label, expected: 1...1, found: context.inputCount)
    }
    isLastSmaller = context.version >= 18
    guard isLastSmaller else {
      partCount = outputCount
      return
    }
    partCount = try context.attributes.int("num_outputs") ?? (takesSizes ? 0 : outputCount)
    guard takesSizes ? partCount == 0 : partCount >= outputCount else {
      throw .attributeValue(
        context.label, attribute: "num_outputs",
        expected: takesSizes ? "none beside the input \"split\"" : "at least \(outputCount)",
        found: "\(partCount)")
    }
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    let axis = try inputs.resolved(axis: axis, rank: inputs[0].shape.rank)
    return try lengths(inputs, axis).prefix(outputCount).map { length throws(RuntimeError) in
      var dimensions = inputs[0].shape.dimensions
      dimensions[axis] = length
      return ValueType(inputs[0].elementType, try inputs.shape(dimensions))
    }
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let strides = call[0].shape.strides
    let axis = axis < 0 ? axis + strides.count : axis
    var parts: [Tensor] = []
    var start = 0
    for type in call.outputTypes {
      let copy = StridedCopy(
        type.shape.dimensions, source: strides, from: start * strides[axis], target: type.shape.strides)
      parts.append(try call.arranged(call[0], as: type, copy))
      start += type.shape[axis]
    }
    return parts
  }

  /// The sizes of all parts along the axis.
  private func lengths(_ inputs: InputTypes, _ axis: Int) throws(RuntimeError) -> [Int] {
    let length = inputs[0].shape[axis]
    guard let lengths = takesSizes ? try inputs.integers(1) : sizes else {
      return try equalLengths(inputs, length)
    }
    var rest = length
    for size in lengths {
      guard size >= 0, size <= rest else {
        rest = -1
        break
      }
      rest -= size
    }
    guard rest == 0, lengths.count >= outputCount else {
      throw inputs.mismatch(
        expected: "\(outputCount) sizes of parts whose sum is that of axis \(axis), not \(lengths)")
    }
    return lengths
  }

  private func equalLengths(_ inputs: InputTypes, _ length: Int) throws(RuntimeError) -> [Int] {
    // Parts that are rounded up may leave nothing for the last ones.
    let part = partCount == 0 ? 0 : length / partCount + (length.isMultiple(of: partCount) ? 0 : 1)
    guard isLastSmaller || part * partCount == length else {
      throw inputs.mismatch(expected: "axis \(axis) to be a multiple of \(partCount)")
    }
    return (0..<outputCount).map { min(part, max(length - $0 * part, 0)) }
  }
}
