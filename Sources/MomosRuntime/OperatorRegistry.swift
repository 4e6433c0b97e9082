import MomosModel

/// The operators this runtime has.
enum OperatorRegistry {
  /// The domains, and the versions of each whose operators mean what is implemented here.
  private static let domains = ["": 7...28]

  /// The entry of a node's operator, or nil.
  static func entry(for node: Node) -> OperatorEntry? {
    entries[OperatorName(domain: canonical(domain: node.domain), name: node.operatorType)]
  }

  /// The entry of a node's operator and the version of its operator set, or why the node cannot be executed.
  static func resolve(
    _ node: Node, label: NodeLabel, operatorSets: [OperatorSet]
  ) throws(RuntimeError) -> (entry: OperatorEntry, version: Int) {
    let domain = canonical(domain: node.domain)
    guard let supported = domains[domain] else { throw .unknownDomain(domain, node: label) }
    guard let version = operatorSets.first(where: { canonical(domain: $0.domain) == domain })?.version else {
      throw .missingOperatorSet(domain: domain, node: label)
    }
    guard supported.contains(version) else {
      throw .unsupportedOperatorSet(domain: domain, version: version, supported: supported)
    }
    guard let entry = entry(for: node) else { throw .unknownOperator(label) }
    guard version >= entry.since else {
      throw .operatorNotInOperatorSet(label, version: version, firstVersion: entry.since)
    }
    return (entry, version)
  }

  /// ONNX's default domain has two spellings.
  private static func canonical(domain: String) -> String {
    domain == "ai.onnx" ? "" : domain
  }

  private static let entries = Dictionary(
    uniqueKeysWithValues: table.map { (OperatorName(domain: $0.domain, name: $0.name), $0) })

  /// Every family of operators lists its own.
  private static let table = [
    ActivationOperators.table, ConvolutionOperators.table, ElementwiseOperators.table,
    IndexingOperators.table, LayoutOperators.table, LinearAlgebraOperators.table,
    NormalizationOperators.table, PoolingOperators.table,
    QuantizationOperators.table, RecurrentOperators.table, ReductionOperators.table, SamplingOperators.table,
    SignalOperators.table,
  ].flatMap { $0 }
}

private struct OperatorName: Hashable {
  let domain: String
  let name: String
}

/// What the plan must know of an operator before it makes one.
struct OperatorEntry: Sendable {
  let domain: String
  let name: String
  let type: any Operator.Type
  /// First version of the operator set that has the operator in a form implemented here.
  let since: Int
  /// How many inputs a node may have; those below the lower bound are required. With the upper bound `Int.max`
  /// all inputs are required.
  let inputs: ClosedRange<Int>
  let outputs: ClosedRange<Int>

  init(
    _ name: String, domain: String = "", _ type: any Operator.Type, since: Int = 1, inputs: ClosedRange<Int>,
    outputs: ClosedRange<Int> = 1...1
  ) {
    self.domain = domain
    self.name = name
    self.type = type
    self.since = since
    self.inputs = inputs
    self.outputs = outputs
  }
  /// Refuses a node with too few or too many inputs or outputs, or without a required one.
  ///
  /// - Parameter node: without omitted inputs and outputs at the end of its lists.
  func checkCounts(of node: Node, label: NodeLabel) throws(RuntimeError) {
    guard inputs.contains(node.inputs.count) else {
      throw .inputCount(label, expected: inputs, found: node.inputs.count)
    }
    guard outputs.contains(node.outputs.count) else {
      throw .outputCount(label, expected: outputs, found: node.outputs.count)
    }
    let required = inputs.upperBound == Int.max ? node.inputs.count : inputs.lowerBound
    if let position = node.inputs[..<required].firstIndex(of: "") {
      throw .omittedInput(label, position: position)
    }
  }

  /// The linear operand of a node and the name of its tensor, if that is one.
  ///
  /// - Parameter rank: the rank of the tensor with a given name, nil where there is none.
  func linearOperand(of node: Node, rank: (String) -> Int?) -> (name: String, operand: LinearOperand)? {
    let operand = type.linearOperand(of: node) { position in
      node.inputs.indices.contains(position) ? rank(node.inputs[position]) : nil
    }
    guard let operand, node.inputs.indices.contains(operand.position) else { return nil }
    let name = node.inputs[operand.position]
    return rank(name) == operand.rank ? (name, operand) : nil
  }
}
