import MomosModel

/// The convolution of `[N, channels, spatial...]` with filters `[rows, channels / group, kernel...]`, plus a bias for
/// each row; one to three spatial axes.
///
/// Filters that are a tensor of the model are a linear weight `[rows, channels / group * kernel...]`. float16 and bfloat16
/// are computed in float32 and rounded once; a float64 mosaic is multiplied in float32.
struct Conv: Operator {
  private let attributes: WindowAttributes
  private let groups: Int
  private let weight: LinearWeight?
  /// Shape of the filters where they are a linear weight.
  private let weightShape: Shape?

  static func linearOperand(of node: Node, rank: (Int) -> Int?) -> LinearOperand? {
    guard let rank = rank(1), WindowAttributes.ranks.contains(rank) else { return nil }
    return LinearOperand(position: 1, view: MatrixView(permutation: Array(0..<rank), rowAxes: 1))
  }

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    attributes = try WindowAttributes(&context)
    groups = try context.groups()
    weight = context.linearWeight
    weightShape = context.linearWeightShape
  }

  var weightArrangement: WeightArrangement? { .windows(attributes, groups: groups) }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint)
    try inputs.requireEqualElementTypes()
    let shape = try attributes.convolution(
      inputs[0].shape, inputs[1].shape, groups: groups, label: inputs.label)
    if let bias = inputs.optional(2)?.shape, bias.dimensions != [shape.rows] {
      throw inputs.mismatch(expected: "a third of [\(shape.rows)]")
    }
    return [ValueType(inputs[0].elementType, try inputs.shape(shape.outputDimensions))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let type = call.outputTypes[0]
    let arithmetic = weight == nil ? type.elementType.arithmetic : .float32
    let input = try call.cast(call[0], to: arithmetic)
    let computed = ValueType(arithmetic, type.shape)
    let shape = try attributes.convolution(
      input.shape, weightShape ?? call[1].shape, groups: groups, label: call.label)
    let result =
      arithmetic == .float64
      ? try direct(call, shape, input, computed) : try multiplied(call, shape, input, computed)
    return [try call.cast(result, to: type.elementType)]
  }

  /// In float32, by the filters as a linear weight.
  private func multiplied(
    _ call: OperatorCall, _ shape: ConvolutionShape, _ input: Tensor, _ type: ValueType
  ) throws(RuntimeError) -> Tensor {
    let bias = try call.optional(2).map { bias throws(RuntimeError) in try call.cast(bias, to: .float32)
    }
    return try call.tensor(type, of: Float.self, zeroed: false) { (target) throws(RuntimeError) in
      guard type.shape.elementCount > 0 else { return }
      do throws(ModelError) {
        let weight = if let weight { weight } else { try LinearWeight(dense: call[1].matrix(rowAxes: 1)) }
        try FilterBank(weight, bias: bias?.floats()).convolve(
          input.bytes.span(of: Float.self), shape, into: &target, pool: call.pool)
      } catch {
        throw .model(error, place: call.label.description)
      }
    }
  }

  /// In float64.
  private func direct(
    _ call: OperatorCall, _ shape: ConvolutionShape, _ input: Tensor, _ type: ValueType
  ) throws(RuntimeError) -> Tensor {
    let inputs = input.bytes.span(of: Double.self)
    let weights = call[1].bytes.span(of: Double.self)
    let bias = call.optional(2)?.bytes.array(of: Double.self)
    return try call.tensor(type, of: Double.self) { (target) throws(RuntimeError) in
      guard type.shape.elementCount > 0 else { return }
      shape.forEachTile { image, group, positions in
        var gathered = [Double](repeating: 0, count: positions.count * shape.columns)
        var gatheredSpan = gathered.mutableSpan
        shape.window.gather(
          inputs.extracting(shape.input(image: image, group: group)), channelCount: shape.groupChannels,
          positions: positions, into: &gatheredSpan)
        let start = shape.output(image: image, group: group).lowerBound
        for row in 0..<shape.groupRows {
          let filter = group * shape.groupRows + row
          let filterWeights = weights.extracting((filter * shape.columns)..<((filter + 1) * shape.columns))
          for (number, position) in positions.enumerated() {
            var sum = 0.0
            for column in filterWeights.indices {
              sum += filterWeights[column] * gathered[number * shape.columns + column]
            }
            target[start + row * shape.window.outputCount + position] = sum + (bias?[filter] ?? 0)
          }
        }
      }
    }
  }
}

extension OperatorContext {
  /// The attribute `group`.
  mutating func groups() throws(RuntimeError) -> Int {
    let groups = try attributes.int("group", default: 1)
    guard groups > 0 else {
      throw .attributeValue(label, attribute: "group", expected: "1 or more", found: "\(groups)")
    }
    return groups
  }
}

extension Tensor {
  /// The tensor as a matrix whose rows are the leading axes.
  func matrix(rowAxes: Int) throws(ModelError) -> Tensor {
    try MatrixView(permutation: Array(0..<shape.rank), rowAxes: rowAxes).matrix(of: self)
  }
}
