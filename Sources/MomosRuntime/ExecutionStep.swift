import MomosModel

/// One node of a plan. Values live in numbered slots.
struct ExecutionStep: Sendable {
  let label: NodeLabel
  let operation: any Operator
  let inputs: [StepInput]
  /// Where the outputs go; nil for one that nobody reads.
  let outputs: [Int?]
  /// The tensor of the model that is the linear operand; nil without one.
  let weight: StepWeight?
  /// Slots that no later step reads.
  var released: [Int] = []

  /// Whether an input is a linear operand of the model.
  var hasWeight: Bool {
    inputs.contains { if case .linearWeight = $0 { true } else { false } }
  }
}

/// The weight of a node.
struct StepWeight: Sendable {
  /// Of the tensor that holds the weights.
  let name: String
  /// As the node reads it.
  let shape: Shape
  /// Of the weight matrix.
  let columns: Int
}

/// Where a step finds one of its inputs.
enum StepInput: Sendable {
  /// An optional input that the node leaves out.
  case omitted
  case slot(Int)
  /// A tensor the operator holds as its linear weight, of this type.
  case linearWeight(ValueType)
}
