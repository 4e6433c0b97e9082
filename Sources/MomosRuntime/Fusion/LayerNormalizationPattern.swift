import MomosModel

/// Layer normalization over the last axis, written out: with d = x - mean(x), d / sqrt(mean(d^2) + epsilon) times a
/// scale plus a bias.
enum LayerNormalizationPattern: FusionPattern {
  private static let entry = OperatorEntry(
    "LayerNormalization", LayerNormalization.self, inputs: 2...3, outputs: 1...3)

  static func join(at position: Int, in graph: inout FusionGraph) {
    guard let add = graph.node(at: position, "Add") else { return }
    for (product, bias) in graph.operandOrders(of: add) {
      guard isVector(bias, graph), let scaled = graph.producer(of: product, "Mul") else { continue }
      for (quotient, scale) in graph.operandOrders(of: scaled.node) where isVector(scale, graph) {
        guard let core = core(quotient, graph) else { continue }
        let node = Node(
          operatorType: "LayerNormalization", inputs: [core.input, scale, bias], outputs: [],
          attributes: [
            NodeAttribute(name: "axis", value: .int(-1)),
            NodeAttribute(name: "epsilon", value: .float(core.epsilon)),
          ])
        let nodes = core.nodes + [scaled, MatchedNode(position: position, node: add)]
        if graph.replace(nodes, with: node, entry, version: 17) { return }
      }
    }
  }

  /// A constant that LayerNormalization takes as scale or bias of the last axis.
  private static func isVector(_ name: String, _ graph: FusionGraph) -> Bool {
    graph.constant(name).map { $0.shape.rank == 1 } ?? false
  }

  /// d / sqrt(mean(d^2) + epsilon)
  private static func core(
    _ quotient: String, _ graph: FusionGraph
  ) -> (input: String, epsilon: Float, nodes: [MatchedNode])? {
    guard let divide = graph.producer(of: quotient, "Div"), divide.inputs.count == 2,
      let difference = difference(divide.inputs[0], graph),
      let root = graph.producer(of: divide.inputs[1], "Sqrt"),
      let sum = graph.producer(of: root.inputs[0], "Add")
    else { return nil }
    for (variance, epsilonName) in graph.operandOrders(of: sum.node) {
      guard let epsilon = graph.scalar(epsilonName), let mean = mean(variance, graph),
        let square = square(mean.inputs[0], graph),
        let squared = difference.input == self.difference(square.base, graph)?.input
          ? self.difference(square.base, graph) : nil
      else { continue }
      // Some exporters subtract the mean twice, once for each use.
      let differences = squared.nodes.map(\.position) == difference.nodes.map(\.position) ? [] : squared.nodes
      return (
        difference.input, epsilon,
        difference.nodes + differences + [square.node, mean, sum, root, divide]
      )
    }
    return nil
  }

  /// x - mean(x)
  private static func difference(
    _ value: String, _ graph: FusionGraph
  ) -> (input: String, nodes: [MatchedNode])? {
    guard let subtract = graph.producer(of: value, "Sub"), subtract.inputs.count == 2,
      let mean = mean(subtract.inputs[1], graph), mean.inputs[0] == subtract.inputs[0]
    else { return nil }
    return (subtract.inputs[0], [mean, subtract])
  }

  /// The mean over the last axis, which stays as one of length 1.
  private static func mean(_ value: String, _ graph: FusionGraph) -> MatchedNode? {
    guard let mean = graph.producer(of: value, "ReduceMean"), graph.axes(of: mean.node) == [-1],
      mean.node.attribute("keepdims") ?? .int(1) == .int(1)
    else { return nil }
    return mean
  }

  private static func square(_ value: String, _ graph: FusionGraph) -> (base: String, node: MatchedNode)? {
    if let power = graph.producer(of: value, "Pow"), power.inputs.count == 2,
      graph.isScalar(power.inputs[1], 2)
    {
      return (power.inputs[0], power)
    }
    guard let product = graph.producer(of: value, "Mul"), product.inputs.count == 2,
      product.inputs[0] == product.inputs[1]
    else { return nil }
    return (product.inputs[0], product)
  }
}
