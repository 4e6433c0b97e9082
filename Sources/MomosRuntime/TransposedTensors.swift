public import MomosModel

/// Transposes of matrices of the model that are read as weight matrices alone.
///
/// They take no work, since a weight matrix can be seen along either axis; so a matrix that is looked up as it is and
/// multiplied by transposed, as tied embeddings are, remains one.
public struct TransposedTensors: Sendable {
  /// Names of the tensors of the model, by the values that are their transposes.
  public let sources: [String: String]

  /// - Parameter rank: the rank of the tensor of the model with a given name, nil where there is none.
  public init(_ graph: Graph, rank: (String) -> Int?) {
    var sources: [String: String] = [:]
    for node in graph.nodes where Self.isTransposition(node) && rank(node.inputs[0]) == 2 {
      sources[node.outputs[0]] = node.inputs[0]
    }
    for output in graph.outputs { sources[output.name] = nil }
    for node in graph.nodes where node.inputs.contains(where: { sources[$0] != nil }) {
      let linear = OperatorRegistry.entry(for: node)?.linearOperand(of: node) { name in
        sources[name] == nil ? rank(name) : 2
      }
      for (position, name) in node.inputs.enumerated() {
        if position != linear?.operand.position || linear?.operand.use != .product { sources[name] = nil }
      }
    }
    self.sources = sources
  }

  private static func isTransposition(_ node: Node) -> Bool {
    guard node.operatorType == "Transpose", node.domain == "" || node.domain == "ai.onnx",
      node.inputs.count == 1, node.outputs.count == 1, node.outputs[0] != "", node.attributes.count <= 1
    else { return false }
    return node.attributes.isEmpty || node.attribute("perm") == .ints([1, 0])
  }
}

extension MatrixView {
  /// How the transpose of a matrix is seen in the matrix itself, if this is how the transpose is seen.
  var ofTranspose: MatrixView {
    MatrixView(permutation: permutation.map { 1 - $0 }, rowAxes: rowAxes)
  }
}
