import MomosModel

/// The convolution of 8-bit elements with 8-bit filters, both minus their zero points, in int32; sums wrap. Padding has
/// the value of the zero point.
struct ConvInteger: Operator {
  private let convolution: IntegerConvolution

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    convolution = try IntegerConvolution(&context, input: 0, inputZero: 2, filters: 1, filterZero: 3)
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    [ValueType(.int32, try convolution.resultShape(inputs))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] { [try convolution.execute(call)] }
}

/// The convolution of quantized elements, quantized: the integer convolution plus an int32 bias for each row, times
/// `x_scale * w_scale / y_scale`, rounded to nearest, ties to even, plus the zero point of the result, saturated.
struct QLinearConv: Operator {
  private let convolution: IntegerConvolution

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    convolution = try IntegerConvolution(&context, input: 0, inputZero: 2, filters: 3, filterZero: 5)
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    let shape = try convolution.resultShape(inputs)
    for position in [1, 4, 6] { try inputs.require(position, in: [.float32]) }
    try inputs.require(7, in: [.int8, .uint8])
    try inputs.require(8, in: [.int32])
    for position in [1, 6, 7] { try inputs.requireCounts([1], position) }
    try inputs.requireCounts([1, shape[1]], 4)
    try inputs.requireCounts([shape[1]], 8)
    return [ValueType(inputs[7].elementType, shape)]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    var sums = try convolution.execute(call)
    let rank = sums.shape.rank
    if let bias = call.optional(8) {
      let rows = bias.reshaped(to: try call.rowShape(bias, rank: rank - 1))
      sums = try call.combined(sums, rows, sums.type, Int32.self) { $0 &+ $1 }
    }
    let (input, output) = (call[1].bytes.span(of: Float.self), call[6].bytes.span(of: Float.self))
    let (factor, divisor) = (input[0], output[0])
    let scales = try call.mapped(call[4], Float.self) { factor * $0 / divisor }
    let rows = scales.reshaped(to: try call.rowShape(scales, rank: rank - 1))
    return [try call.requantized(sums, by: rows, zeroPoint: call[7])]
  }
}

/// What the convolutions of integers share.
struct IntegerConvolution {
  private let attributes: WindowAttributes
  private let groups: Int
  private let input: Int
  private let inputZero: Int
  private let filters: Int
  private let filterZero: Int

  /// - Parameters: positions of the inputs.
  init(
    _ context: inout OperatorContext, input: Int, inputZero: Int, filters: Int, filterZero: Int
  ) throws(RuntimeError) {
    attributes = try WindowAttributes(&context)
    groups = try context.groups()
    self.input = input
    self.inputZero = inputZero
    self.filters = filters
    self.filterZero = filterZero
  }

  func resultShape(_ inputs: InputTypes) throws(RuntimeError) -> Shape {
    for (position, zero) in [(input, inputZero), (filters, filterZero)] {
      try inputs.require(position, in: [.int8, .uint8])
      try inputs.require(zero, in: [inputs[position].elementType])
    }
    let shape = try attributes.convolution(
      inputs[input].shape, inputs[filters].shape, groups: groups, label: inputs.label)
    try inputs.requireCounts([1], inputZero)
    try inputs.requireCounts([1, shape.rows], filterZero)
    return try inputs.shape(shape.outputDimensions)
  }

  /// In int32.
  func execute(_ call: OperatorCall) throws(RuntimeError) -> Tensor {
    let shape = try attributes.convolution(
      call[input].shape, call[filters].shape, groups: groups, label: call.label)
    let zeros = call.optional(filterZero)
    let zeroShape = try zeros.map { zeros throws(RuntimeError) in
      try call.rowShape(zeros, rank: call[filters].shape.rank).dimensions
    }
    let centered = try call.centered(call[input], call.optional(inputZero), as: [])
    let centeredFilters = try call.centered(call[filters], zeros, as: zeroShape)
    let type = ValueType(.int32, try call.shape(shape.outputDimensions))
    return try call.tensor(type, of: Int32.self) { (target) throws(RuntimeError) in
      guard type.shape.elementCount > 0, shape.columns > 0 else { return }
      try convolve(centered, centeredFilters, shape, into: &target, call)
    }
  }

  private func convolve(
    _ input: Tensor, _ filters: Tensor, _ shape: ConvolutionShape, into target: inout MutableSpan<Int32>,
    _ call: OperatorCall
  ) throws(RuntimeError) {
    let elements = input.bytes.span(of: Float.self)
    let weights = filters.bytes.span(of: Float.self)
    let filterCount = shape.groupRows * shape.columns
    try shape.forEachTile { (image, group, positions) throws(RuntimeError) in
      let product = IntegerProduct(
        rows: shape.groupRows, inner: shape.columns, columns: positions.count, isRightTransposed: true)
      let seenType = ValueType(.float32, try call.shape([positions.count, shape.columns]))
      let seen = try call.tensor(seenType, of: Float.self, zeroed: false) { (seen) throws(RuntimeError) in
        shape.window.gather(
          elements.extracting(shape.input(image: image, group: group)), channelCount: shape.groupChannels,
          positions: positions, into: &seen)
      }
      let seenValues = seen.bytes.span(of: Float.self)
      let output = shape.output(image: image, group: group)
      let start = output.lowerBound + positions.lowerBound
      var rows = target.part(start..<output.upperBound)
      try call.withScratch(for: product) { (products, scratch) throws(RuntimeError) in
        product.add(
          weights.extracting((group * filterCount)..<((group + 1) * filterCount)), seenValues, to: &rows,
          rowStride: shape.window.outputCount, products: &products, scratch: &scratch, pool: call.pool)
      }
    }
  }
}

extension InputTypes {
  /// Refuses an input that has not one of the given counts of elements in at most one axis.
  fileprivate func requireCounts(_ counts: [Int], _ position: Int) throws(RuntimeError) {
    guard let shape = optional(position)?.shape else { return }
    guard shape.rank <= 1, counts.contains(shape.elementCount) else {
      let expected = Set(counts).sorted().map(String.init).joined(separator: " or ")
      throw .shapes(label, expected: "\(expected) elements as input \(position)", found: [shape])
    }
  }
}

extension OperatorCall {
  /// The shape in which one element for each row, or one for all, broadcasts to `[rows, ...]` of a rank, or behind a
  /// further axis in front.
  fileprivate func rowShape(_ parameter: Tensor, rank: Int) throws(RuntimeError) -> Shape {
    try shape([parameter.elementCount] + Array(repeating: 1, count: rank - 1))
  }
}
