import MomosModel

/// Which scale and zero point every element of a tensor has: one for all, one for each position along an axis, or one
/// for each block of positions along an axis.
struct QuantizationGrid {
  private enum Granularity {
    case tensor, axis
    case blocks(length: Int)
  }

  private let granularity: Granularity
  private let outerCount: Int
  /// Size of the axis, and how many scales there are along it.
  private let length: Int
  private let scaleLength: Int
  private let innerCount: Int

  /// - Parameter axis: counted from either end; without meaning for a scale of one element.
  /// - Throws: if the scale has not as many elements as the elements, the axis and `blockLength` ask for.
  init(_ inputs: InputTypes, axis: Int, blockLength: Int) throws(RuntimeError) {
    let dimensions = inputs[0].shape.dimensions
    let scale = inputs[1].shape.dimensions
    if inputs[1].shape.elementCount == 1 && (scale.count <= 1 || blockLength == 0) {
      granularity = .tensor
      (outerCount, length, scaleLength) = (1, 1, 1)
      innerCount = inputs[0].shape.elementCount
      return
    }
    let axis = try inputs.resolved(axis: axis, rank: dimensions.count)
    var expected = [dimensions[axis]]
    if blockLength > 0 {
      expected = dimensions
      let (whole, rest) = dimensions[axis].quotientAndRemainder(dividingBy: blockLength)
      expected[axis] = whole + (rest > 0 ? 1 : 0)
    }
    guard scale == expected else {
      throw .shapes(
        inputs.label, expected: "a scale of the shape \(expected) as input 1", found: [inputs[1].shape])
    }
    granularity = blockLength > 0 ? .blocks(length: blockLength) : .axis
    outerCount = dimensions[..<axis].reduce(1, *)
    length = dimensions[axis]
    scaleLength = expected.count == 1 ? length : expected[axis]
    innerCount = dimensions[(axis + 1)...].reduce(1, *)
  }

  /// Calls `body` with runs of elements, the place of the scale of the first one, and the distance from there to that
  /// of the next one: 0 or 1.
  @inline(never)
  func forEachRun(_ body: (_ elements: Range<Int>, _ scale: Int, _ step: Int) -> Void) {
    switch granularity {
    case .tensor:
      body(0..<innerCount, 0, 0)
    case .axis where innerCount == 1:
      for outer in 0..<outerCount { body((outer * length)..<((outer + 1) * length), 0, 1) }
    case .axis:
      for row in 0..<(outerCount * length) {
        body((row * innerCount)..<((row + 1) * innerCount), row % length, 0)
      }
    case .blocks(let blockLength) where innerCount == 1:
      for block in 0..<(outerCount * scaleLength) {
        let (outer, number) = block.quotientAndRemainder(dividingBy: scaleLength)
        let end = number == scaleLength - 1 ? length : (number + 1) * blockLength
        body((outer * length + number * blockLength)..<(outer * length + end), block, 0)
      }
    case .blocks(let blockLength):
      for row in 0..<(outerCount * length) {
        let (outer, position) = row.quotientAndRemainder(dividingBy: length)
        let scale = (outer * scaleLength + position / blockLength) * innerCount
        body((row * innerCount)..<((row + 1) * innerCount), scale, 1)
      }
    }
  }
}

/// The attributes and checks that QuantizeLinear and DequantizeLinear share.
struct QuantizationAttributes {
  private let axis: Int
  private let blockLength: Int
  /// The type of the output, where the node states it.
  let outputType: ElementType?

  /// - Parameter outputTypeSince: version of the operator set from which the node may state the type of the output.
  init(_ context: inout OperatorContext, outputTypeSince: Int) throws(RuntimeError) {
    axis = context.version >= 13 ? try context.attributes.int("axis", default: 1) : 1
    blockLength = context.version >= 21 ? try context.attributes.int("block_size", default: 0) : 0
    outputType = context.version >= outputTypeSince ? try context.elementType("output_dtype") : nil
    guard blockLength >= 0 else {
      throw .attributeValue(
        context.label, attribute: "block_size", expected: "a number that is not negative",
        found: "\(blockLength)")
    }
  }

  /// Which scale belongs to which element; the zero point must have the shape of the scale.
  func grid(_ inputs: InputTypes) throws(RuntimeError) -> QuantizationGrid {
    if let zeroPoint = inputs.optional(2)?.shape, zeroPoint != inputs[1].shape {
      let isOne = zeroPoint.elementCount == 1 && inputs[1].shape.elementCount == 1
      guard isOne else { throw inputs.mismatch(expected: "a zero point of the scale's shape") }
    }
    return try QuantizationGrid(inputs, axis: axis, blockLength: blockLength)
  }
}

extension InputTypes {
  /// The types of a call whose inputs inference has checked.
  init(_ call: OperatorCall) {
    self.init(label: call.label, types: call.inputs.map { $0?.type }, values: call.inputs)
  }
}
