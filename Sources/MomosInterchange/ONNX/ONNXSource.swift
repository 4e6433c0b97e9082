import MomosModel

/// An ONNX model: the initialisers and constants of its main graph as tensors, and the graph itself.
///
/// The file is mapped. Opening reads everything but the data of tensors; raw data are not copied where they are
/// aligned for their type. Tensors are, in this order, the initialisers, the outputs of Constant nodes, and the
/// tensors that are attributes of other nodes; these are named after node and attribute.
struct ONNXSource: TensorSource {
  let catalog: [SourceTensor]
  private let path: String
  private let file: Bytes
  private let tensors: [String: ONNXStoredTensor]
  private let builder: ONNXGraphBuilder?

  init(_ file: Bytes, path: String) throws(InterchangeError) {
    self.path = path
    self.file = file
    let model = try ONNXDecoding.model(ONNXScan(file))
    guard let graph = model.graph else {
      throw InterchangeError(.onnxGraph, expected: "a model with a graph", found: "none")
    }
    let names = ONNXTensorNames(graph)
    let folder = try SourceFolder(ofFile: path)
    var catalog: [SourceTensor] = []
    var tensors: [String: ONNXStoredTensor] = [:]
    func add(_ name: String, _ tensor: ONNXStoredTensor) {
      let origin = tensor.externalPath ?? path
      catalog.append(
        SourceTensor(name: name, elementType: tensor.elementType, shape: tensor.shape, origin: origin))
      tensors[name] = tensor
    }
    for tensor in graph.initializers {
      let name = try SourceTensor.name(Array(tensor.name.utf8))
      add(name, try Self.stored(tensor, folder, "tensor \(InterchangeError.quoted(name))"))
    }
    for node in graph.nodes {
      guard let constant = try ONNXConstant(node) else { continue }
      add(constant.name, try constant.stored(folder))
    }
    for (node, attributes) in zip(graph.nodes, names.attributeTensors) {
      for (attribute, name) in attributes.inKeyOrder {
        guard case .tensor(let tensor) = node.attributes[attribute].value else { continue }
        add(
          name, try Self.stored(tensor, folder, "\(node.label), attribute \(node.attributes[attribute].name)")
        )
      }
    }
    try catalog.requireUniqueNames()
    self.catalog = catalog
    self.tensors = tensors
    // Without nodes the file is weights alone.
    builder = graph.nodes.isEmpty ? nil : ONNXGraphBuilder(model: model, graph: graph, names: names)
  }

  private static func stored(
    _ tensor: ONNXTensor, _ folder: SourceFolder, _ place: String
  ) throws(InterchangeError) -> ONNXStoredTensor {
    do throws(InterchangeError) {
      return try ONNXStoredTensor(tensor, folder: folder)
    } catch {
      throw error.inside(place)
    }
  }

  var files: [String] { [path] + Set(catalog.map(\.origin)).subtracting([path]).sorted() }

  func graph() throws(InterchangeError) -> SourceGraph? {
    do throws(InterchangeError) {
      return try builder?.build()
    } catch {
      throw error.inFile(path)
    }
  }

  func read(_ name: String) throws(InterchangeError) -> Tensor {
    guard let tensor = tensors[name] else { throw .unknownTensor(name).inFile(path) }
    do throws(InterchangeError) {
      return try tensor.tensor(in: file)
    } catch {
      throw error.inside("tensor \(InterchangeError.quoted(name))").inFile(path)
    }
  }
}

/// The names of tensors that are attributes of nodes, which ONNX leaves without.
struct ONNXTensorNames {
  /// For every node, the names by the positions of attributes. Constant nodes have none.
  let attributeTensors: [[Int: String]]

  init(_ graph: ONNXGraph) {
    var taken = Set(graph.initializers.map(\.name))
    taken.formUnion(graph.inputs.map(\.name))
    for node in graph.nodes { taken.formUnion(node.outputs) }
    attributeTensors = graph.nodes.map { node in
      var names: [Int: String] = [:]
      for (position, attribute) in node.attributes.enumerated() where !node.isConstant {
        guard case .tensor = attribute.value else { continue }
        let base = "\(node.name.isEmpty ? node.outputs.first ?? "" : node.name).\(attribute.name)"
        var name = base
        var number = 2
        while !taken.insert(name).inserted {
          name = "\(base).\(number)"
          number += 1
        }
        names[position] = name
      }
      return names
    }
  }
}

extension ONNXNode {
  /// For messages: "Gemm node 'fc1'".
  var label: String {
    let operatorName = InterchangeError.quoted(operatorType).dropFirst().dropLast()
    guard name.isEmpty else { return "\(operatorName) node \(InterchangeError.quoted(name))" }
    return "\(operatorName) node of \(InterchangeError.quoted(outputs.first ?? ""))"
  }

  /// ONNX's default domain has two spellings.
  var canonicalDomain: String { domain == "ai.onnx" ? "" : domain }

  /// True for nodes whose output is a tensor of the model.
  var isConstant: Bool { operatorType == "Constant" && canonicalDomain == "" }
}
