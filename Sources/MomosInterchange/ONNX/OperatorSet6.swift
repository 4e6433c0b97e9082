import MomosModel

/// Nodes of operator set 6 as version 7 writes them.
///
/// Version 7 made broadcasting numpy's and took `is_test` away; most operators did not change. What means something
/// else there, or cannot be told from the ranks that the model states, is refused.
struct OperatorSet6 {
  static let version = 6

  private static let elementwise: Set = [
    "Add", "And", "Div", "Equal", "Greater", "Less", "Mul", "Or", "Pow", "Sub", "Xor",
  ]
  private static let changedOtherwise: Set = ["GRU", "LSTM", "RNN", "Upsample"]

  /// Of graph inputs and initialisers.
  private var ranks: [String: Int] = [:]
  /// Initialisers of one element.
  private var singles: Set<String> = []

  init(_ graph: ONNXGraph) {
    for value in graph.inputs {
      if case .tensor(_, let dimensions?) = value.type { ranks[value.name] = dimensions.count }
    }
    for tensor in graph.initializers {
      ranks[tensor.name] = tensor.dimensions.count
      if tensor.dimensions.allSatisfy({ $0 == 1 }) { singles.insert(tensor.name) }
    }
  }

  func upgraded(_ node: Node) throws(InterchangeError) -> Node {
    guard node.domain == "" else { return node }
    switch node.operatorType {
    case let type where Self.elementwise.contains(type): return try elementwise(node)
    case "Gemm": return node.without(["broadcast"])
    case "BatchNormalization", "Dropout":
      guard case .int(let isTest) = node.attribute("is_test"), isTest != 0 else {
        throw refusal("is_test = 1", found: "training")
      }
      return node.without(["is_test"])
    case "PRelu":
      guard node.inputs.count == 2, singles.contains(node.inputs[1]) || ranks[node.inputs[0]] == 2 else {
        throw refusal("a slope of one element", found: "one of each channel")
      }
      return node
    case let type where Self.changedOtherwise.contains(type):
      throw refusal("an operator that version 7 has in the same form", found: type)
    default: return node
    }
  }

  /// The second operand was aligned with the last dimensions, or from `axis` on.
  private func elementwise(_ node: Node) throws(InterchangeError) -> Node {
    if let axis = node.attribute("axis") {
      guard case .int(let axis) = axis, node.inputs.count == 2, let left = ranks[node.inputs[0]],
        let right = ranks[node.inputs[1]], (axis < 0 ? axis + left : axis) + right == left
      else {
        throw refusal(
          "an axis that aligns the last dimensions", found: "another, or ranks that are not stated")
      }
    }
    return node.without(["axis", "broadcast"])
  }

  private func refusal(_ expected: String, found: String) -> InterchangeError {
    InterchangeError(.onnxOperatorSet, place: "operator set 6", expected: expected, found: found)
  }
}

extension Node {
  fileprivate func without(_ names: Set<String>) -> Node {
    var node = self
    node.attributes.removeAll { names.contains($0.name) }
    return node
  }
}
