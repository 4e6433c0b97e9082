import MomosKernels
import MomosModel

/// activation(x W + bias), where W `[columns, rows]` is a linear weight: what fusion makes of MatMul, Add and an
/// activation. Not an operator of the standard, and of no graph.
///
/// float16 and bfloat16 are computed in float32 and rounded once.
struct Linear: Operator {
  /// An activation that may follow: its operator, the value of `approximate` that the operator must have, and the name
  /// of the attribute's value here.
  static let activations:
    [(operatorType: String, attribute: AttributeValue?, name: String, function: ElementFunction)] = [
      ("Relu", nil, "relu", .relu), ("Tanh", nil, "tanh", .tanh), ("Sigmoid", nil, "sigmoid", .sigmoid),
      ("Gelu", nil, "gelu", .gelu), ("Gelu", .string(Array("none".utf8)), "gelu", .gelu),
      ("Gelu", .string(Array("tanh".utf8)), "gelu_tanh", .geluTanh),
    ]

  private let weight: LinearWeight
  private let bias: [Float]?
  private let function: ElementFunction

  static func linearOperand(of node: Node, rank: (Int) -> Int?) -> LinearOperand? {
    LinearOperand(position: 1, view: .firstAxisIsInput(rank: 2))
  }

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    guard let weight = context.linearWeight else { preconditionFailure("fusion asked for a linear weight") }
    self.weight = weight
    bias = context.constants[2]?.floats()
    let name = try context.attributes.string("activation")
    function = Self.activations.first { $0.name == name }?.function ?? .identity
  }

  var weightArrangement: WeightArrangement? { .rows }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint)
    try inputs.requireEqualElementTypes()
    let dimensions = inputs[0].shape.dimensions
    guard dimensions.last == weight.columns else {
      throw inputs.mismatch(expected: "the last axis of the first to match the second's rows")
    }
    if let bias, bias.count != 1, bias.count != weight.rows {
      throw inputs.mismatch(expected: "a bias of \(weight.rows) elements")
    }
    return [ValueType(inputs[0].elementType, try inputs.shape(dimensions.dropLast() + [weight.rows]))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let type = call.outputTypes[0]
    let input = try call.cast(call[0], to: .float32)
    let values = input.bytes.span(of: Float.self)
    let batch = type.shape.elementCount / max(weight.rows, 1)
    let result = try call.tensor(ValueType(.float32, type.shape), of: Float.self, zeroed: false) {
      (target) throws(RuntimeError) in
      guard !target.isEmpty else { return }
      do throws(ModelError) {
        try weight.multiply(values, batch: batch, into: &target, pool: call.pool)
      } catch {
        throw .model(error, place: call.label.description)
      }
      if let bias, bias.count == weight.rows {
        VectorKernels.affineColumns(
          function, inPlace: &target, columns: weight.rows, bias: bias.span, pool: call.pool)
      } else {
        if let bias { VectorKernels.combine(.add, inPlace: &target, bias.span, pool: call.pool) }
        VectorKernels.map(function, inPlace: &target, pool: call.pool)
      }
    }
    return [try call.cast(result, to: type.elementType)]
  }
}
