import MomosModel

/// Turns the main graph of an ONNX model into a graph of a model, and refuses what cannot be represented.
///
/// Names, order, operators and attributes stay as they are, with these exceptions: Constant nodes go, because
/// their outputs are tensors of the model; so do inputs that are initialisers as well; the domain "ai.onnx" gets
/// its other spelling, ""; tensors of attributes are tensors of the model; nodes of operator set 6 become those of
/// version 7. Operators and shapes are for the runtime to judge.
struct ONNXGraphBuilder {
  /// Versions of ONNX's own operator set that exist; which of them are executed is for the runtime to say.
  static let operatorSetVersions = 1...28

  let model: ONNXModel
  let graph: ONNXGraph
  let names: ONNXTensorNames

  func build() throws(InterchangeError) -> SourceGraph {
    if let name = graph.sparseInitializers.first {
      throw InterchangeError(
        .onnxSparseTensor, place: "tensor \(InterchangeError.quoted(name))", expected: "a dense tensor",
        found: "a sparse one")
    }
    let tensors = Set(graph.initializers.map(\.name))
    let operatorSet6 = isOperatorSet6 ? OperatorSet6(graph) : nil
    var nodes: [Node] = []
    for (node, attributeTensors) in zip(graph.nodes, names.attributeTensors) {
      do throws(InterchangeError) {
        guard let node = try self.node(node, attributeTensors) else { continue }
        nodes.append(try operatorSet6?.upgraded(node) ?? node)
      } catch {
        throw error.inside(node.label)
      }
    }
    return SourceGraph(
      graphs: [
        Graph(
          name: graph.name,
          inputs: try values(graph.inputs.filter { !tensors.contains($0.name) }, "graph input"),
          outputs: try values(graph.outputs, "graph output"), nodes: nodes)
      ], operatorSets: try operatorSets(domains: Set(nodes.map(\.domain))))
  }

  private var isOperatorSet6: Bool {
    model.operatorSets.contains {
      ["", "ai.onnx"].contains($0.domain) && $0.version == OperatorSet6.version
    }
  }

  /// nil for a Constant.
  private func node(_ node: ONNXNode, _ tensors: [Int: String]) throws(InterchangeError) -> Node? {
    let functionName = ONNXFunctionName(domain: node.domain, name: node.operatorType)
    guard !model.functions.contains(functionName) else {
      throw InterchangeError(
        .onnxFunction, expected: "an operator", found: "the call of a function that the model defines")
    }
    var attributes: [NodeAttribute] = []
    for (position, attribute) in node.attributes.enumerated() {
      switch attribute.value {
      case .plain(let value): attributes.append(NodeAttribute(name: attribute.name, value: value))
      case .tensor:
        guard let name = tensors[position] else { continue }
        attributes.append(NodeAttribute(name: attribute.name, value: .tensor(name)))
      case .unsupported(let found):
        throw InterchangeError(
          .onnxAttribute, place: "attribute \(InterchangeError.quoted(attribute.name))",
          expected: "a number, a text, a list of them or a tensor", found: found)
      }
    }
    guard !node.isConstant else {
      guard try ONNXConstant(node) == nil else { return nil }
      throw InterchangeError(
        .onnxConstant, expected: "a tensor or numbers",
        found: "the attribute \(InterchangeError.quoted(node.attributes[0].name))")
    }
    return Node(
      name: node.name, operatorType: node.operatorType, domain: node.canonicalDomain, inputs: node.inputs,
      outputs: node.outputs, attributes: attributes)
  }

  private func values(_ values: [ONNXValue], _ kind: String) throws(InterchangeError) -> [GraphValue] {
    var result: [GraphValue] = []
    for value in values {
      do throws(InterchangeError) {
        result.append(try self.value(value))
      } catch {
        throw error.inside("\(kind) \(InterchangeError.quoted(value.name))")
      }
    }
    return result
  }

  private func value(_ value: ONNXValue) throws(InterchangeError) -> GraphValue {
    let name = try SourceTensor.name(Array(value.name.utf8))
    switch value.type {
    case .unstated: return GraphValue(name: name)
    case .tensor(let elementType, let dimensions):
      guard (dimensions?.count ?? 0) <= Shape.maximumRank else {
        throw InterchangeError(
          .shape, expected: "at most \(Shape.maximumRank) dimensions", found: "\(dimensions?.count ?? 0)")
      }
      return GraphValue(
        name: name, elementType: elementType == 0 ? nil : try ONNXElementType.elementType(elementType),
        dimensions: dimensions)
    case .other(let found):
      throw InterchangeError(.onnxValueType, expected: "a tensor", found: "a value of type \(found)")
    }
  }

  /// The versions of the domains that nodes use.
  private func operatorSets(domains: Set<String>) throws(InterchangeError) -> [OperatorSet] {
    var sets: [OperatorSet] = []
    for set in model.operatorSets {
      let domain = set.domain == "ai.onnx" ? "" : set.domain
      guard domains.contains(domain) else { continue }
      let place = "operator set \(InterchangeError.quoted(domain))"
      if let other = sets.first(where: { $0.domain == domain }) {
        guard other.version != set.version else { continue }
        throw InterchangeError(
          .onnxOperatorSet, place: place, expected: "one version",
          found: "\(other.version) and \(set.version)")
      }
      let versions = domain == "" ? Self.operatorSetVersions : 1...Int(Int32.max)
      guard versions.contains(set.version) else {
        throw InterchangeError(
          .onnxOperatorSet, place: place,
          expected: "a version from \(versions.lowerBound) to \(versions.upperBound)", found: "\(set.version)"
        )
      }
      let isUpgraded = domain == "" && set.version == OperatorSet6.version
      sets.append(OperatorSet(domain: domain, version: isUpgraded ? OperatorSet6.version + 1 : set.version))
    }
    let missing = domains.filter { domain in !sets.contains { $0.domain == domain } }
    if let domain = missing.min(), let node = graph.nodes.first(where: { $0.canonicalDomain == domain }) {
      throw InterchangeError(
        .onnxOperatorSet, place: node.label,
        expected: "a version of the operator set \(InterchangeError.quoted(domain)) in the model",
        found: "none")
    }
    return sets
  }
}
