import MomosModel

/// Attention written out: softmax(query key' / scale + mask) value, the operands and the result transposed or not.
enum AttentionPattern: FusionPattern {
  private static let name = "JoinedAttention"
  private static let entry = OperatorEntry(name, JoinedAttention.self, inputs: 3...5)

  static func join(at position: Int, in graph: inout FusionGraph) {
    joinProducts(at: position, in: &graph)
    joinResult(at: position, in: &graph)
  }

  private static func joinProducts(at position: Int, in graph: inout FusionGraph) {
    guard let last = graph.node(at: position, "MatMul"), !graph.isTensor(last.inputs[1]),
      let softmax = graph.producer(of: last.inputs[0], "Softmax")
    else { return }
    let end = [softmax, MatchedNode(position: position, node: last)]
    for form in scoreForms(softmax.inputs[0], graph) {
      guard let product = graph.producer(of: form.product, "MatMul"), !graph.isTensor(product.inputs[1])
      else { continue }
      let operands = [product.inputs[0], product.inputs[1], last.inputs[1]].map { operand($0, graph) }
      var node = Node(
        operatorType: name, inputs: operands.map(\.name) + [form.mask ?? ""], outputs: [],
        attributes: [NodeAttribute(name: "scale", value: .float(form.scale))])
      if let divisor = form.scaleName { node.inputs.append(divisor) }
      for (operand, name) in zip(operands, ["query", "key", "value"]) {
        guard let permutation = operand.permutation else { continue }
        node.attributes.append(NodeAttribute(name: name, value: .ints(permutation)))
      }
      let nodes = end + form.nodes + [product] + operands.compactMap(\.node)
      if graph.replace(nodes, with: node, entry, version: 1) { return }
    }
  }

  /// The joined node, then Transpose.
  private static func joinResult(at position: Int, in graph: inout FusionGraph) {
    guard let transpose = graph.node(at: position, "Transpose"),
      case .ints(let permutation) = transpose.attribute("perm"), permutation.count == 4,
      let attention = graph.producer(of: transpose.inputs[0], name), attention.node.attribute("result") == nil
    else { return }
    var node = attention.node
    node.attributes.append(NodeAttribute(name: "result", value: .ints(permutation)))
    graph.replace(
      [attention, MatchedNode(position: position, node: transpose)], with: node, entry, version: 1)
  }

  /// How a score may come from a product.
  private struct ScoreForm {
    let product: String
    var mask: String?
    var scale: Float = 1
    /// The constant that the scale is, or its reciprocal.
    var scaleName: String?
    var nodes: [MatchedNode] = []
  }

  /// product, product / c or c * product, each with or without a mask added.
  private static func scoreForms(_ value: String, _ graph: FusionGraph) -> [ScoreForm] {
    var forms = [ScoreForm(product: value)]
    if let add = graph.producer(of: value, "Add") {
      for (score, mask) in graph.operandOrders(of: add.node) where score != mask {
        forms.append(ScoreForm(product: score, mask: mask, nodes: [add]))
      }
    }
    return forms.flatMap { form -> [ScoreForm] in
      if graph.producer(of: form.product, "MatMul") != nil { return [form] }
      guard let scaled = scaled(form.product, graph) else { return [] }
      var form = ScoreForm(
        product: scaled.product, mask: form.mask, scale: scaled.scale, scaleName: scaled.name,
        nodes: form.nodes)
      form.nodes.append(scaled.node)
      return [form]
    }
  }

  private static func scaled(
    _ value: String, _ graph: FusionGraph
  ) -> (product: String, scale: Float, name: String, node: MatchedNode)? {
    if let divide = graph.producer(of: value, "Div"), divide.inputs.count == 2,
      let divisor = graph.scalar(divide.inputs[1]), isScale(1 / divisor)
    {
      return (divide.inputs[0], 1 / divisor, divide.inputs[1], divide)
    }
    guard let multiply = graph.producer(of: value, "Mul") else { return nil }
    for (product, factor) in graph.operandOrders(of: multiply.node) {
      guard let scale = graph.scalar(factor), isScale(scale) else { continue }
      return (product, scale, factor, multiply)
    }
    return nil
  }

  /// Multiplying by others is no scaling, or cannot be told from dividing.
  private static func isScale(_ scale: Float) -> Bool { scale.isNormal }

  /// An operand, or what it is the transpose of.
  private static func operand(
    _ name: String, _ graph: FusionGraph
  ) -> (name: String, permutation: [Int]?, node: MatchedNode?) {
    guard graph.readerCount(of: name) == 1, let transpose = graph.producer(of: name, "Transpose"),
      case .ints(let permutation) = transpose.node.attribute("perm"), permutation.count == 4
    else { return (name, nil, nil) }
    return (transpose.inputs[0], permutation, transpose)
  }
}
