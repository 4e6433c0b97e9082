import MomosModel

/// A node of a plan: one of the graph, or several of them joined to one of the same meaning.
struct PlannedNode {
  var node: Node
  /// What a joined node is; nil for a node of the graph, which the model's operator sets explain.
  var joined: (entry: OperatorEntry, version: Int)?
  /// The nodes of the graph that a joined node stands for, in execution order.
  var parts: [Node] = []
}

/// The nodes of a graph in execution order while patterns among them are replaced by single nodes.
///
/// Reading goes from a value to the node that produces it; a node may go only if the nodes of the pattern are all
/// that read its outputs.
struct FusionGraph {
  /// In execution order; nil where a node was joined with a later one.
  private(set) var nodes: [PlannedNode?]
  private var producers: [String: Int] = [:]
  private var readerCounts: [String: Int] = [:]
  private let tensors: ModelTensors
  private let operatorSets: [OperatorSet]

  /// - Parameter nodes: in execution order, without omitted inputs and outputs at the end of their lists.
  init(_ nodes: [Node], outputs: [GraphValue], tensors: ModelTensors, operatorSets: [OperatorSet]) {
    self.nodes = nodes.map { PlannedNode(node: $0) }
    self.tensors = tensors
    self.operatorSets = operatorSets
    for (number, node) in nodes.enumerated() {
      for output in node.outputs where output != "" { producers[output] = number }
      for input in node.inputs { readerCounts[input, default: 0] += 1 }
    }
    for output in outputs { readerCounts[output.name, default: 0] += 1 }
  }

  /// The node at a position if it is of the given operator of the default domain, gives one value and has all inputs
  /// that the operator requires.
  func node(at position: Int, _ operatorType: String) -> Node? {
    guard let planned = nodes[position], planned.node.operatorType == operatorType,
      planned.node.domain == "" || planned.node.domain == "ai.onnx", planned.node.outputs.count == 1
    else { return nil }
    guard planned.joined == nil else { return planned.node }
    // A node that the plan would refuse stays, so that it is refused.
    let label = NodeLabel(planned.node)
    guard
      let entry = try? OperatorRegistry.resolve(planned.node, label: label, operatorSets: operatorSets).entry,
      (try? entry.checkCounts(of: planned.node, label: label)) != nil
    else { return nil }
    return planned.node
  }

  /// The node that produces a value, if it is of the given operator.
  func producer(of value: String, _ operatorType: String) -> MatchedNode? {
    guard let position = producers[value], let node = node(at: position, operatorType) else { return nil }
    return MatchedNode(position: position, node: node)
  }

  /// How many inputs of nodes and outputs of the graph are this value.
  func readerCount(of value: String) -> Int { readerCounts[value, default: 0] }

  /// The other operand of a node with two, one of which is the value.
  func otherOperand(of node: Node, than value: String) -> String? {
    guard node.inputs.count == 2, let position = node.inputs.firstIndex(of: value) else { return nil }
    return node.inputs[1 - position]
  }

  /// The two orders of the operands of a commutative node.
  func operandOrders(of node: Node) -> [(String, String)] {
    guard node.inputs.count == 2 else { return [] }
    return [(node.inputs[0], node.inputs[1]), (node.inputs[1], node.inputs[0])]
  }

  /// A dense floating-point tensor of the model, by its name.
  func constant(_ name: String) -> Tensor? {
    guard let tensor = tensors.dense(name), tensor.elementType.isFloatingPoint else { return nil }
    return tensor
  }

  /// Whether a constant has one element, and that is `expected` within the rounding of float16.
  func isScalar(_ name: String, _ expected: Float) -> Bool {
    guard let value = scalar(name) else { return false }
    return abs(value - expected) <= abs(expected) * 1e-3
  }

  /// The only element of a constant.
  func scalar(_ name: String) -> Float? {
    guard let tensor = constant(name), tensor.elementCount == 1 else { return nil }
    return tensor.floats()[0]
  }

  /// The integers of a node's attribute, or of its second input where later operator sets have them.
  func axes(of node: Node) -> [Int]? {
    if case .ints(let axes) = node.attribute("axes") { return axes }
    guard node.inputs.count == 2 else { return nil }
    return tensors.dense(node.inputs[1])?.integers()
  }

  /// Whether a name is that of a tensor of the model.
  func isTensor(_ name: String) -> Bool { tensors.contains(name) }

  /// Rank of a tensor that may be a linear weight.
  func linearRank(of name: String) -> Int? { tensors.linearRank(of: name) }

  /// Replaces nodes by one that takes the place of the last of them, if nobody else reads what the others produce.
  ///
  /// - Parameters:
  ///   - positions: of all nodes of the pattern; the last one produces the output that stays.
  ///   - entry: what the new node is.
  /// - Returns: whether it was replaced.
  @discardableResult
  mutating func replace(
    _ matched: [MatchedNode], with node: Node, _ entry: OperatorEntry, version: Int
  ) -> Bool {
    let positions = Set(matched.map(\.position))
    guard let last = positions.max(), let final = nodes[last], positions.allSatisfy({ nodes[$0] != nil })
    else {
      return false
    }
    var innerReads: [String: Int] = [:]
    for position in positions {
      for input in nodes[position]?.node.inputs ?? [] { innerReads[input, default: 0] += 1 }
    }
    for position in positions where position != last {
      for output in nodes[position]?.node.outputs ?? [] {
        guard readerCount(of: output) == innerReads[output, default: 0] else { return false }
      }
    }
    for (name, count) in innerReads { readerCounts[name, default: 0] -= count }
    let parts = positions.sorted().flatMap { position -> [Node] in
      guard let planned = nodes[position] else { return [] }
      return planned.joined == nil ? [planned.node] : planned.parts
    }
    for position in positions { nodes[position] = nil }
    var joined = node
    joined.name = final.node.name
    joined.outputs = final.node.outputs
    for input in joined.inputs { readerCounts[input, default: 0] += 1 }
    nodes[last] = PlannedNode(node: joined, joined: (entry, version), parts: parts)
    return true
  }
}

/// A node of a pattern and where it stands.
struct MatchedNode {
  let position: Int
  let node: Node

  var inputs: [String] { node.inputs }
}
