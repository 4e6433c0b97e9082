import MomosInterchange
import MomosModel
import MomosRuntime

/// Takes the nodes out of a graph that depend on tensors of the model alone, such as the transposition of a
/// weight; their outputs become tensors.
///
/// Only operators that leave weights about as large as they were are folded: what would fill the file, and what
/// the runtime cannot compute, stays in the graph.
struct GraphFolding {
  private static let operators: Set<String> = [
    "Add", "Cast", "CastLike", "Concat", "DequantizeLinear", "Div", "Flatten", "Gather", "Identity", "Mul",
    "Neg",
    "Pow", "Reciprocal", "ReduceL2", "ReduceMean", "ReduceSum", "ReduceSumSquare", "Reshape", "Slice", "Sqrt",
    "Squeeze", "Sub", "Transpose", "Unsqueeze",
  ]

  private(set) var tensors: FoldedTensors
  /// The tensors that were computed, in the order of the graph.
  private(set) var catalog: [SourceTensor] = []
  /// Names of tensors that folded nodes read.
  private(set) var consumed: Set<String> = []
  /// By name, everything that is known without the inputs of the graph.
  private var constants: [String: SourceTensor]
  /// Outputs of Identity nodes, by the tensor that each stands for.
  private var renamed: [String: String] = [:]

  init(_ source: SourceCollection, operatorSets: [OperatorSet]) {
    tensors = FoldedTensors(source, operatorSets: operatorSets)
    constants = Dictionary(uniqueKeysWithValues: source.catalog.map { ($0.name, $0) })
  }

  /// The graph without the nodes that can be computed.
  ///
  /// Nodes are expected after those that they read from, as ONNX demands; others stay, and so does what computes an
  /// output of the graph.
  mutating func fold(_ graph: Graph) -> Graph {
    let outputs = Set(graph.outputs.map(\.name))
    for input in graph.inputs { constants[input.name] = nil }
    let kept = transposesToKeep(in: graph)
    var folded = graph
    folded.nodes = []
    for original in graph.nodes {
      let node = withRenamedInputs(original)
      let stays = node.outputs.contains { outputs.contains($0) || kept.contains($0) }
      if stays || !fold(node) { folded.nodes.append(node) }
    }
    folded.nodes = folded.nodes.map(withRenamedInputs)
    return folded
  }

  private func withRenamedInputs(_ original: Node) -> Node {
    var node = original
    node.inputs = node.inputs.map { renamed[$0] ?? $0 }
    return node
  }

  /// Transposes of weights that others read as they are, as tied embeddings: folded they would be stored twice.
  private func transposesToKeep(in graph: Graph) -> Set<String> {
    let transposed = TransposedTensors(graph) { constants[$0]?.shape.rank }.sources
    let readers = graph.nodes.filter { transposed[$0.outputs.first ?? ""] == nil }
    let readAsTheyAre = Set(readers.flatMap(\.inputs))
    return Set(transposed.filter { readAsTheyAre.contains($0.value) }.keys)
  }

  /// Makes the output of a node a tensor; false if that cannot be.
  private mutating func fold(_ node: Node) -> Bool {
    guard let output = node.outputs.first, node.outputs.count == 1, node.domain == "",
      Self.operators.contains(node.operatorType), output != "",
      constants[output] == nil, !node.inputs.isEmpty,
      node.inputs.allSatisfy({ $0 == "" || constants[$0] != nil }),
      !node.attributes.contains(where: \.value.isReference)
    else { return false }
    if node.operatorType == "Identity" {
      renamed[output] = node.inputs[0]
      constants[output] = constants[node.inputs[0]]
      return true
    }
    guard let value = try? tensors.compute(node) else { return false }
    tensors.add(node, value: value)
    let origin = node.inputs.compactMap { constants[$0]?.origin }.first ?? ""
    let tensor = SourceTensor(
      name: output, elementType: value.elementType, shape: value.shape, origin: origin)
    catalog.append(tensor)
    constants[output] = tensor
    consumed.formUnion(node.inputs)
    return true
  }
}

/// Tensors of sources, and tensors that nodes compute from them.
struct FoldedTensors: Sendable {
  /// Computed tensors of at most so many bytes are kept, larger ones computed whenever they are read.
  private static let keptByteCount = 1 << 16

  private struct Recipe {
    let node: Node
    let value: Tensor?
  }

  private let source: SourceCollection
  private let operatorSets: [OperatorSet]
  private var recipes: [String: Recipe] = [:]

  init(_ source: SourceCollection, operatorSets: [OperatorSet] = []) {
    self.source = source
    self.operatorSets = operatorSets
  }

  /// - Parameter value: what the node computes.
  mutating func add(_ node: Node, value: Tensor) {
    recipes[node.outputs[0]] = Recipe(
      node: node, value: value.bytes.count <= Self.keptByteCount ? value : nil)
  }

  func read(_ name: String) throws -> Tensor {
    guard let recipe = recipes[name] else { return try source.read(name) }
    return try recipe.value ?? compute(recipe.node)
  }

  /// The first output of a node whose inputs are all tensors here.
  func compute(_ node: Node) throws -> Tensor {
    var model = Model(
      graphs: [Graph(inputs: [], outputs: [GraphValue(name: node.outputs[0])], nodes: [node])],
      operatorSets: operatorSets)
    for name in Set(node.inputs).subtracting([""]) {
      model.tensors.append(NamedTensor(name: name, content: .dense(try read(name))))
    }
    guard let value = try ExecutionPlan(model: model).execute([:])[node.outputs[0]] else {
      preconditionFailure("an execution gives every output of its graph")
    }
    return value
  }
}

extension AttributeValue {
  /// True for what refers to something outside its node.
  fileprivate var isReference: Bool {
    switch self {
    case .tensor, .graph: true
    case .float, .int, .string, .floats, .ints, .strings: false
    }
  }
}
