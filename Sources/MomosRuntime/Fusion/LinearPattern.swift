import MomosModel

/// A product with a weight matrix, the bias added to it and the activation function of that: one pass over the result.
enum LinearPattern: FusionPattern {
  private static let entry = OperatorEntry("Linear", Linear.self, inputs: 2...3)

  static func join(at position: Int, in graph: inout FusionGraph) {
    joinBias(at: position, in: &graph)
    joinActivation(at: position, in: &graph)
  }

  /// MatMul with a weight of the model, then Add of a constant vector.
  private static func joinBias(at position: Int, in graph: inout FusionGraph) {
    guard let add = graph.node(at: position, "Add") else { return }
    for (product, bias) in graph.operandOrders(of: add) {
      guard let matMul = graph.producer(of: product, "MatMul"), graph.constant(bias)?.shape.rank == 1,
        graph.constant(bias)?.elementType == .float32, matMul.inputs.count == 2,
        graph.linearRank(of: matMul.inputs[1]) == 2
      else { continue }
      let node = Node(operatorType: "Linear", inputs: matMul.inputs + [bias], outputs: [])
      let nodes = [matMul, MatchedNode(position: position, node: add)]
      if graph.replace(nodes, with: node, entry, version: 1) { return }
    }
  }

  private static func joinActivation(at position: Int, in graph: inout FusionGraph) {
    for function in Linear.activations {
      guard let activation = graph.node(at: position, function.operatorType), activation.inputs.count == 1,
        function.attribute == activation.attribute("approximate"),
        let linear = graph.producer(of: activation.inputs[0], "Linear")
      else { continue }
      var node = linear.node
      guard node.attribute("activation") == nil else { return }
      node.attributes.append(
        NodeAttribute(name: "activation", value: .string(Array(function.name.utf8))))
      graph.replace(
        [linear, MatchedNode(position: position, node: activation)], with: node, entry, version: 1)
      return
    }
  }
}
