import MomosKernels
import MomosModel

/// clamp(BatchNormalization(Conv(x, filters) + bias) + residual): what fusion makes of Conv and the nodes behind it. Not
/// an operator of the standard, and of no graph.
///
/// Inputs: x, filters, bias, residual, and the four of BatchNormalization; all but the first two may be omitted, and all
/// but x and residual are tensors of the model. A residual of another shape is broadcast. float16 and bfloat16 are computed
/// in float32 and rounded once.
struct FusedConvolution: Operator {
  private let attributes: WindowAttributes
  private let groups: Int
  private let weightShape: Shape
  private let bounds: ClosedRange<Float>
  /// With the bounds.
  private let filters: FilterBank
  /// Without them, for residuals that are broadcast.
  private let unboundedFilters: FilterBank

  static func linearOperand(of node: Node, rank: (Int) -> Int?) -> LinearOperand? {
    Conv.linearOperand(of: node, rank: rank)
  }

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    guard let weight = context.linearWeight, let shape = context.linearWeightShape else {
      preconditionFailure("fusion asked for a linear weight")
    }
    attributes = try WindowAttributes(&context)
    groups = try context.groups()
    weightShape = shape
    let lower = try context.attributes.float("lower", default: -.infinity)
    let upper = try context.attributes.float("upper", default: .infinity)
    bounds = lower...max(lower, upper)
    let epsilon = try context.attributes.float("epsilon", default: 0)
    let (scale, bias) = Self.affine(context.constants, rows: weight.rows, epsilon: epsilon)
    do throws(ModelError) {
      filters = try FilterBank(weight, scale: scale, bias: bias, bounds: bounds)
      unboundedFilters = try FilterBank(weight, scale: scale, bias: bias)
    } catch {
      throw .model(error, place: context.label.description)
    }
  }

  /// Bias and BatchNormalization as one scale and one bias for each filter; nil where there are none.
  private static func affine(
    _ constants: [Int: Tensor], rows: Int, epsilon: Float
  ) -> (scale: [Float]?, bias: [Float]?) {
    let bias = constants[2]?.floats()
    guard let scale = constants[4]?.floats(), let offset = constants[5]?.floats(),
      let mean = constants[6]?.floats(), let variance = constants[7]?.floats(),
      // Others are refused when shapes are inferred.
      [scale, offset, mean, variance, bias ?? scale].allSatisfy({ $0.count == rows })
    else { return (nil, bias) }
    var factors: [Float] = []
    var biases: [Float] = []
    for row in 0..<rows {
      let factor = Double(scale[row]) / (Double(variance[row]) + Double(epsilon)).squareRoot()
      let shifted = Double(bias?[row] ?? 0) - Double(mean[row])
      factors.append(Float(factor))
      biases.append(Float(shifted * factor + Double(offset[row])))
    }
    return (factors, biases)
  }

  var weightArrangement: WeightArrangement? { .windows(attributes, groups: groups) }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint)
    try inputs.requireEqualElementTypes()
    let shape = try attributes.convolution(
      inputs[0].shape, inputs[1].shape, groups: groups, label: inputs.label)
    for position in [2, 4, 5, 6, 7] {
      guard let found = inputs.optional(position)?.shape, found.dimensions != [shape.rows] else { continue }
      throw inputs.mismatch(expected: "[\(shape.rows)] for each channel's numbers")
    }
    var dimensions = shape.outputDimensions
    if let residual = inputs.optional(3)?.shape.dimensions {
      guard let common = Broadcasting.dimensions([dimensions, residual]) else {
        throw inputs.mismatch(expected: "\(dimensions), or what broadcasts with it, for input 3")
      }
      dimensions = common
    }
    return [ValueType(inputs[0].elementType, try inputs.shape(dimensions))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let type = call.outputTypes[0]
    let input = try call.cast(call[0], to: .float32)
    let shape = try attributes.convolution(input.shape, weightShape, groups: groups, label: call.label)
    var residual: Tensor?
    if let tensor = call.optional(3) { residual = try call.cast(tensor, to: .float32) }
    let computed = ValueType(.float32, type.shape)
    let dimensions = shape.outputDimensions
    let result: Tensor
    if residual?.shape.dimensions ?? dimensions == dimensions, type.shape.dimensions == dimensions {
      result = try convolved(call, shape, input, residual, filters, computed)
    } else if let residual {
      let sums = ValueType(.float32, try call.shape(dimensions))
      let convolved = try convolved(call, shape, input, nil, unboundedFilters, sums)
      result = try call.combined(convolved, residual, computed, Float.self) { bounded($0 + $1) }
    } else {
      preconditionFailure("without a residual the shapes are equal")
    }
    return [try call.cast(result, to: type.elementType)]
  }

  private func convolved(
    _ call: OperatorCall, _ shape: ConvolutionShape, _ input: Tensor, _ residual: Tensor?,
    _ filters: FilterBank, _ type: ValueType
  ) throws(RuntimeError) -> Tensor {
    try call.tensor(type, of: Float.self, zeroed: false) { (target) throws(RuntimeError) in
      guard type.shape.elementCount > 0 else { return }
      do throws(ModelError) {
        try filters.convolve(
          input.bytes.span(of: Float.self), shape, residual: residual?.bytes.span(of: Float.self),
          into: &target, pool: call.pool)
      } catch {
        throw .model(error, place: call.label.description)
      }
    }
  }

  private func bounded(_ value: Float) -> Float {
    let raised = value < bounds.lowerBound ? bounds.lowerBound : value
    return raised > bounds.upperBound ? bounds.upperBound : raised
  }
}
