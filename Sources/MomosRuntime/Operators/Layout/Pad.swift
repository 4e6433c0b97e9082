import MomosModel

/// The tensor with elements put before and after every axis or, where a count is negative, taken away: first all
/// that is taken away, then what is added.
///
/// `constant` adds one value, `edge` repeats the first and last element, `reflect` goes back from them and `wrap` goes
/// on at the other end. Counts are an attribute before operator set 11, later an input.
struct Pad: Operator {
  private let mode: String
  private let pads: [Int]?
  private let value: Float?

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    let modes = ["constant", "reflect", "edge"] + (context.version >= 19 ? ["wrap"] : [])
    mode = try context.attributes.choice("mode", of: modes)
    pads = context.version < 11 ? try context.attributes.ints("pads") : nil
    value = context.version < 11 ? try context.attributes.float("value", default: 0) : nil
    let expected = context.version < 11 ? 1...1 : 2...(context.version < 18 ? 3 : 4)
    guard expected.contains(context.inputCount) else {
      throw .inputCount(context.label, expected: expected, found: context.inputCount)
    }
    if context.version < 11 && pads == nil { throw .missingAttribute(context.label, attribute: "pads") }
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    if value != nil { try inputs.require(0, in: ElementType.floatingPoint) }
    try inputs.requireEqualElementTypes(at: [0, 2])
    if let value = inputs.optional(2), value.shape.elementCount != 1 {
      throw inputs.mismatch(expected: "one element in input 2")
    }
    let axes = try axes(inputs)
    if mode != "constant", axes.contains(where: { $0.count > 0 && $0.kept.isEmpty }) {
      throw inputs.mismatch(expected: "elements to take those of the mode \(mode) from")
    }
    return [ValueType(inputs[0].elementType, try inputs.shape(axes.map(\.count)))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let axes = try axes(call.inputTypes)
    var memory = try call.memory(call.outputTypes[0])
    guard mode == "constant" else {
      if memory.type.shape.elementCount > 0 { memory.gather(call[0], repeated(axes, call[0].shape)) }
      return [memory.tensor()]
    }
    memory.fill(with: try filling(call))
    let (source, target) = (call[0].shape.strides, memory.type.shape.strides)
    let copy = StridedCopy(
      axes.map(\.kept.count), source: source,
      from: zip(axes, source).reduce(0) { $0 + $1.0.kept.lowerBound * $1.1 },
      target: target, at: zip(axes, target).reduce(0) { $0 + $1.0.before * $1.1 })
    copy(call[0], to: &memory)
    return [memory.tensor()]
  }

  /// The value that is added, one element of the input's type.
  private func filling(_ call: OperatorCall) throws(RuntimeError) -> Tensor {
    if let given = call.optional(2) { return given }
    let one = Shape(vector: 1)
    if let value, value != 0 {
      let number = try call.label.place { () throws(ModelError) in try Tensor([value], shape: one) }
      return try call.cast(number, to: call[0].elementType)
    }
    return try call.memory(ValueType(call[0].elementType, one), zeroed: true).tensor()
  }

  /// Where every element of the result comes from, for the modes that repeat elements.
  private func repeated(_ axes: [PaddedAxis], _ source: Shape) -> Runs {
    let places = axes.map { $0.places(mode) }
    var starts = [0]
    for (axis, stride) in zip(places, source.strides).dropLast() {
      starts = starts.flatMap { start in axis.map { start + $0 * stride } }
    }
    return Runs(starts: starts, offsets: places.last ?? [0], length: 1)
  }

  private func axes(_ inputs: InputTypes) throws(RuntimeError) -> [PaddedAxis] {
    let shape = inputs[0].shape
    let pads = try given(inputs, 1) ?? self.pads ?? []
    let axes = try given(inputs, 3) ?? Array(0..<shape.rank)
    guard pads.count == 2 * axes.count else {
      throw inputs.mismatch(expected: "two counts for each of \(axes.count) axes, not \(pads.count)")
    }
    var padded = shape.dimensions.map { PaddedAxis(size: $0, before: 0, kept: 0..<$0, count: $0) }
    var seen: Set<Int> = []
    for (number, axis) in axes.enumerated() {
      let axis = try inputs.resolved(axis: axis, rank: shape.rank)
      guard seen.insert(axis).inserted,
        let new = PaddedAxis(size: shape[axis], before: pads[number], after: pads[number + axes.count])
      else {
        throw .inputValue(
          inputs.label, position: 1, expected: "counts that leave every axis a size, and each axis once",
          found: "\(pads)")
      }
      padded[axis] = new
    }
    return padded
  }

  private func given(_ inputs: InputTypes, _ position: Int) throws(RuntimeError) -> [Int]? {
    inputs.optional(position) == nil ? nil : try inputs.integers(position)
  }
}

/// What becomes of one axis.
private struct PaddedAxis {
  let size: Int
  /// Elements added before those that are kept.
  let before: Int
  /// The positions that are kept.
  let kept: Range<Int>
  /// Positions of the result.
  let count: Int

  init(size: Int, before: Int, kept: Range<Int>, count: Int) {
    (self.size, self.before, self.kept, self.count) = (size, before, kept, count)
  }

  /// nil if less than nothing would be left, or more than there can be.
  init?(size: Int, before: Int, after: Int) {
    let (sum, overflow) = before.addingReportingOverflow(after)
    let (count, isTooLarge) = sum.addingReportingOverflow(size)
    guard !overflow, !isTooLarge, count >= 0, before > -Int.max, after > -Int.max else { return nil }
    let first = min(max(-before, 0), size)
    self.init(
      size: size, before: max(before, 0), kept: first..<max(first, size - max(-after, 0)), count: count)
  }

  /// Where in the source every position of the result lies, for the modes that repeat elements.
  func places(_ mode: String) -> [Int] {
    let last = kept.count - 1
    return (0..<count).map { position in
      let place = position - before
      switch mode {
      case "edge": return kept.lowerBound + min(max(place, 0), last)
      case "wrap": return kept.lowerBound + modulo(place, kept.count)
      default:
        let turned = last == 0 ? 0 : modulo(place, 2 * last)
        return kept.lowerBound + min(turned, 2 * last - turned)
      }
    }
  }

  private func modulo(_ value: Int, _ divisor: Int) -> Int {
    let remainder = value % divisor
    return remainder < 0 ? remainder + divisor : remainder
  }
}
