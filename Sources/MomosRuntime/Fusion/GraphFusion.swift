import MomosModel

/// Joins nodes that together are one operator: fewer passes over the values, the same meaning.
///
/// A joined operator computes what its nodes would, without rounding in between; results differ from theirs by no
/// more than that rounding.
enum GraphFusion {
  /// - Parameter nodes: in execution order, without omitted inputs and outputs at the end of their lists.
  /// - Returns: in execution order, with every pattern that was found as one node.
  static func joined(
    _ nodes: [Node], outputs: [GraphValue], tensors: ModelTensors, operatorSets: [OperatorSet]
  ) -> [PlannedNode] {
    var graph = FusionGraph(nodes, outputs: outputs, tensors: tensors, operatorSets: operatorSets)
    for pattern in patterns {
      for position in graph.nodes.indices { pattern.join(at: position, in: &graph) }
    }
    return graph.nodes.compactMap { $0 }
  }

  /// In this order: what a later pattern holds, an earlier one must have made.
  private static let patterns: [any (FusionPattern & Sendable).Type] = [
    LayerNormalizationPattern.self, GeluPattern.self, LinearPattern.self, ConvolutionPattern.self,
    AttentionPattern.self,
  ]
}

/// Several nodes that mean one operator.
protocol FusionPattern: Sendable {
  /// Replaces the pattern whose last node stands at the position, if it is there.
  static func join(at position: Int, in graph: inout FusionGraph)
}
