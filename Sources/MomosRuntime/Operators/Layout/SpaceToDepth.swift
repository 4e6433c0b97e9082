import MomosModel

/// Squares of pixels and channels, exchanged: a tensor `[N, C, H, W]`, read or written as six axes.
protocol SpaceDepthOperator: Operator {
  var blockLength: Int { get }
  /// The shape of the result, nil if the squares do not divide the input.
  func resultDimensions(_ dimensions: [Int]) -> [Int]?
  /// The axes of the result, each with its distance in the input.
  func axes(_ input: Shape, _ result: Shape) -> [(size: Int, stride: Int)]
}

extension SpaceDepthOperator {
  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    let shape = inputs[0].shape
    guard shape.rank == 4, let dimensions = resultDimensions(shape.dimensions) else {
      throw inputs.mismatch(expected: "four axes, divisible into blocks of \(blockLength)")
    }
    return [ValueType(inputs[0].elementType, try inputs.shape(dimensions))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let type = call.outputTypes[0]
    let axes = axes(call[0].shape, type.shape)
    var targets: [Int] = []
    var stride = 1
    for axis in axes.reversed() {
      targets.insert(stride, at: 0)
      stride *= axis.size
    }
    let copy = StridedCopy(axes.map(\.size), source: axes.map(\.stride), target: targets)
    return [try call.arranged(call[0], as: type, copy)]
  }

  static func blockLength(_ context: inout OperatorContext) throws(RuntimeError) -> Int {
    let length = try context.attributes.requiredInt("blocksize")
    guard length > 0, length <= 1 << 24 else {
      throw .attributeValue(
        context.label, attribute: "blocksize", expected: "1 to \(1 << 24)", found: "\(length)")
    }
    return length
  }
}

/// Channels become squares of pixels: "DCR" takes the channels of a pixel apart from each other, "CRD" next to each
/// other.
struct DepthToSpace: SpaceDepthOperator {
  let blockLength: Int
  private let isDepthFirst: Bool

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    blockLength = try Self.blockLength(&context)
    isDepthFirst =
      context.version < 11 ? true : try context.attributes.choice("mode", of: ["DCR", "CRD"]) == "DCR"
  }

  func resultDimensions(_ sizes: [Int]) -> [Int]? {
    guard sizes[1].isMultiple(of: blockLength * blockLength) else { return nil }
    return [
      sizes[0], sizes[1] / (blockLength * blockLength), sizes[2] * blockLength, sizes[3] * blockLength,
    ]
  }

  func axes(_ input: Shape, _ result: Shape) -> [(size: Int, stride: Int)] {
    let strides = input.strides
    let channels = result[1]
    let column = isDepthFirst ? channels * strides[1] : strides[1]
    return [
      (input[0], strides[0]), (channels, isDepthFirst ? strides[1] : blockLength * blockLength * strides[1]),
      (input[2], strides[2]), (blockLength, blockLength * column), (input[3], strides[3]),
      (blockLength, column),
    ]
  }
}

/// Squares of pixels become channels.
struct SpaceToDepth: SpaceDepthOperator {
  let blockLength: Int
  private let isDepthFirst: Bool

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    blockLength = try Self.blockLength(&context)
    isDepthFirst =
      context.version < 28 ? true : try context.attributes.choice("mode", of: ["DCR", "CRD"]) == "DCR"
  }

  func resultDimensions(_ sizes: [Int]) -> [Int]? {
    guard sizes[2].isMultiple(of: blockLength), sizes[3].isMultiple(of: blockLength) else { return nil }
    return [
      sizes[0], sizes[1] * blockLength * blockLength, sizes[2] / blockLength, sizes[3] / blockLength,
    ]
  }

  func axes(_ input: Shape, _ result: Shape) -> [(size: Int, stride: Int)] {
    let strides = input.strides
    let channels = (size: input[1], stride: strides[1])
    let square = [(size: blockLength, stride: strides[2]), (size: blockLength, stride: strides[3])]
    let pixels = [
      (size: result[2], stride: blockLength * strides[2]),
      (size: result[3], stride: blockLength * strides[3]),
    ]
    return [(input[0], strides[0])] + (isDepthFirst ? square + [channels] : [channels] + square) + pixels
  }
}
