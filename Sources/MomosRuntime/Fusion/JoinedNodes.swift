import MomosModel

/// Nodes that were joined, for inputs that the operator of all of them does not take: executed one after the other.
///
/// Only for nodes without linear weights that give one value each.
struct JoinedNodes: Sendable {
  private struct Part: Sendable {
    let label: NodeLabel
    let operation: any Operator
    let inputs: [String]
    let output: String
  }

  /// Names of the values that the joined node reads; by position.
  private let inputs: [String]
  private var parts: [Part] = []

  init(inputs: [String]) { self.inputs = inputs }

  /// Adds the next node in execution order.
  mutating func append(_ node: Node, _ operation: any Operator) {
    parts.append(
      Part(label: NodeLabel(node), operation: operation, inputs: node.inputs, output: node.outputs[0]))
  }

  /// The first operator of a type.
  func first<Operation: Operator>(_ type: Operation.Type) -> Operation? {
    parts.lazy.compactMap { $0.operation as? Operation }.first
  }

  /// The type of the last node's output.
  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    var types: [String: ValueType] = [:]
    var values: [String: Tensor] = [:]
    for (position, name) in self.inputs.enumerated() {
      types[name] = inputs.optional(position)
      values[name] = position < inputs.values.count ? inputs.values[position] : nil
    }
    var outputs: [ValueType] = []
    for part in parts {
      outputs = try part.operation.inferOutputs(
        InputTypes(
          label: part.label, types: part.inputs.map { types[$0] }, values: part.inputs.map { values[$0] }))
      types[part.output] = outputs[0]
    }
    return outputs
  }

  /// The last node's output.
  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    var values: [String: Tensor] = [:]
    for (position, name) in inputs.enumerated() { values[name] = call.optional(position) }
    var outputs: [Tensor] = []
    for part in parts {
      let inputs = part.inputs.map { values[$0] }
      let types = try part.operation.inferOutputs(
        InputTypes(label: part.label, types: inputs.map { $0?.type }, values: inputs))
      let partCall = OperatorCall(label: part.label, inputs: inputs, outputTypes: types, pool: call.pool)
      outputs = try part.operation.execute(partCall)
      values[part.output] = outputs[0]
    }
    return outputs
  }
}
