import MomosModel

/// Gelu written out, with the error function or with tanh, and Silu: x sigmoid(x).
///
/// The three factors 1/2, x and 1 + erf(x / sqrt 2) (or 1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) may be multiplied in
/// any order.
enum GeluPattern: FusionPattern {
  private static let entry = OperatorEntry("Gelu", Gelu.self, inputs: 1...1)

  static func join(at position: Int, in graph: inout FusionGraph) {
    guard let product = graph.node(at: position, "Mul") else { return }
    let outer = MatchedNode(position: position, node: product)
    for (left, right) in graph.operandOrders(of: product) {
      guard let inner = graph.producer(of: left, "Mul") else { continue }
      for (first, second) in graph.operandOrders(of: inner.node) {
        for factors in [[first, second, right], [first, right, second], [right, first, second]] {
          guard graph.isScalar(factors[0], 0.5), let sum = plusOne(factors[2], graph),
            let curve = curve(sum.value, of: factors[1], graph)
          else { continue }
          let form: AttributeValue = .string(Array((curve.isTanh ? "tanh" : "none").utf8))
          let node = Node(
            operatorType: "Gelu", inputs: [factors[1]], outputs: [],
            attributes: [NodeAttribute(name: "approximate", value: form)])
          if graph.replace(curve.nodes + [sum.node, inner, outer], with: node, entry, version: 20) { return }
        }
      }
    }
  }

  private static func plusOne(_ value: String, _ graph: FusionGraph) -> (value: String, node: MatchedNode)? {
    guard let add = graph.producer(of: value, "Add") else { return nil }
    for (operand, one) in graph.operandOrders(of: add.node) where graph.isScalar(one, 1) {
      return (operand, add)
    }
    return nil
  }

  /// erf(x / sqrt 2), or the argument of the tanh form under tanh.
  private static func curve(
    _ value: String, of x: String, _ graph: FusionGraph
  ) -> (nodes: [MatchedNode], isTanh: Bool)? {
    if let erf = graph.producer(of: value, "Erf") {
      if let divide = graph.producer(of: erf.inputs[0], "Div"), divide.inputs.count == 2,
        divide.inputs[0] == x, graph.isScalar(divide.inputs[1], 1.4142135)
      {
        return ([divide, erf], false)
      }
      guard let times = graph.producer(of: erf.inputs[0], "Mul"),
        let factor = graph.otherOperand(of: times.node, than: x), graph.isScalar(factor, 0.70710678)
      else { return nil }
      return ([times, erf], false)
    }
    guard let tanh = graph.producer(of: value, "Tanh"),
      let scaled = graph.producer(of: tanh.inputs[0], "Mul")
    else { return nil }
    for (sum, factor) in graph.operandOrders(of: scaled.node) where graph.isScalar(factor, 0.7978846) {
      guard let add = graph.producer(of: sum, "Add"), let term = graph.otherOperand(of: add.node, than: x),
        let cube = cubicTerm(term, of: x, graph)
      else { continue }
      return (cube + [add, scaled, tanh], true)
    }
    return nil
  }

  /// 0.044715 x^3
  private static func cubicTerm(_ value: String, of x: String, _ graph: FusionGraph) -> [MatchedNode]? {
    guard let times = graph.producer(of: value, "Mul") else { return nil }
    for (power, factor) in graph.operandOrders(of: times.node) where graph.isScalar(factor, 0.044715) {
      guard let cube = graph.producer(of: power, "Pow"), cube.inputs.count == 2, cube.inputs[0] == x,
        graph.isScalar(cube.inputs[1], 3)
      else { continue }
      return [cube, times]
    }
    return nil
  }
}
