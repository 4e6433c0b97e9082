import MomosModel

/// A convolution with filters of the model, then BatchNormalization, Add and Relu or Clip, any of which may be missing:
/// one pass over the result.
enum ConvolutionPattern: FusionPattern {
  private static let fused = "FusedConvolution"
  private static let entry = OperatorEntry(fused, FusedConvolution.self, inputs: 2...8)

  static func join(at position: Int, in graph: inout FusionGraph) {
    joinNormalization(at: position, in: &graph)
    joinResidual(at: position, in: &graph)
    joinBounds(at: position, in: &graph)
  }

  /// Conv, then BatchNormalization whose numbers are constants.
  private static func joinNormalization(at position: Int, in graph: inout FusionGraph) {
    guard let normalization = graph.node(at: position, "BatchNormalization"),
      normalization.inputs.count == 5,
      normalization.inputs.dropFirst().allSatisfy({ graph.constant($0) != nil }),
      normalization.attribute("training_mode") ?? .int(0) == .int(0),
      normalization.attribute("spatial") ?? .int(1) == .int(1),
      let convolution = convolution(normalization.inputs[0], graph), convolution.inputs.count < 4,
      !isBounded(convolution.node),
      let rows = convolution.inputs.count < 3 || convolution.inputs[2] == ""
        ? graph.constant(normalization.inputs[1])?.shape : graph.constant(convolution.inputs[2])?.shape,
      normalization.inputs.dropFirst().allSatisfy({ graph.constant($0)?.shape == rows })
    else { return }
    var node = copy(of: convolution.node, inputCount: 4)
    node.inputs += normalization.inputs.dropFirst()
    let epsilon: AttributeValue = normalization.attribute("epsilon") ?? .float(1e-5)
    node.attributes.append(NodeAttribute(name: "epsilon", value: epsilon))
    graph.replace(
      [convolution, MatchedNode(position: position, node: normalization)], with: node, entry, version: 22)
  }

  /// A convolution, then Add of a value.
  private static func joinResidual(at position: Int, in graph: inout FusionGraph) {
    guard let add = graph.node(at: position, "Add") else { return }
    for (value, residual) in graph.operandOrders(of: add) where value != residual {
      guard let convolution = convolution(value, graph), !isBounded(convolution.node),
        convolution.inputs.count < 4 || convolution.inputs[3] == "", graph.readerCount(of: value) == 1
      else { continue }
      var node = copy(of: convolution.node, inputCount: 4)
      node.inputs[3] = residual
      if graph.replace(
        [convolution, MatchedNode(position: position, node: add)], with: node, entry, version: 22)
      {
        return
      }
    }
  }

  /// A convolution, then Relu, or Clip to constants.
  private static func joinBounds(at position: Int, in graph: inout FusionGraph) {
    let limits: (node: Node, lower: Float, upper: Float)?
    if let relu = graph.node(at: position, "Relu") {
      limits = (relu, 0, .infinity)
    } else if let clip = graph.node(at: position, "Clip"), let bounds = bounds(of: clip, graph) {
      limits = (clip, bounds.lower, bounds.upper)
    } else {
      limits = nil
    }
    guard let limits, let value = limits.node.inputs.first, let convolution = convolution(value, graph),
      !isBounded(convolution.node)
    else { return }
    var node = copy(of: convolution.node, inputCount: convolution.inputs.count)
    node.attributes.append(NodeAttribute(name: "lower", value: .float(limits.lower)))
    node.attributes.append(NodeAttribute(name: "upper", value: .float(limits.upper)))
    graph.replace(
      [convolution, MatchedNode(position: position, node: limits.node)], with: node, entry, version: 22)
  }

  /// The convolution that produces a value, fused already or with filters of the model and a constant bias.
  private static func convolution(_ value: String, _ graph: FusionGraph) -> MatchedNode? {
    if let fused = graph.producer(of: value, fused) { return fused }
    guard let convolution = graph.producer(of: value, "Conv"), (2...3).contains(convolution.inputs.count),
      let rank = graph.linearRank(of: convolution.inputs[1]), WindowAttributes.ranks.contains(rank),
      convolution.inputs.count < 3 || convolution.inputs[2] == ""
        || graph.constant(convolution.inputs[2]) != nil
    else { return nil }
    return convolution
  }

  private static func copy(of convolution: Node, inputCount: Int) -> Node {
    var node = Node(
      operatorType: fused, inputs: convolution.inputs, outputs: [], attributes: convolution.attributes)
    while node.inputs.count < inputCount { node.inputs.append("") }
    return node
  }

  private static func isBounded(_ node: Node) -> Bool { node.attribute("lower") != nil }

  /// The limits of Clip: constants or attributes; NaN or crossed ones are left to the operator.
  private static func bounds(of clip: Node, _ graph: FusionGraph) -> (lower: Float, upper: Float)? {
    var limits: [Float] = []
    for (position, (name, standard)) in [("min", -Float.infinity), ("max", .infinity)].enumerated() {
      if case .float(let value) = clip.attribute(name) {
        limits.append(value)
      } else if clip.inputs.count > position + 1, clip.inputs[position + 1] != "" {
        guard let value = graph.scalar(clip.inputs[position + 1]) else { return nil }
        limits.append(value)
      } else {
        limits.append(standard)
      }
    }
    return limits[0] <= limits[1] ? (limits[0], limits[1]) : nil
  }
}
