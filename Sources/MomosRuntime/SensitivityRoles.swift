public import MomosModel

extension SensitivityRole {
  /// The roles of the weights that a graph multiplies by or looks up, by the name of the tensor that holds them.
  ///
  /// Told from the topology alone; gives an answer for every graph. A weight of several uses has the role that
  /// matters most: value, first feed-forward, other, embedding.
  /// - Parameter catalog: the tensor with a given name, nil where there is none.
  public static func roles(
    in graph: Graph, catalog: (String) -> TensorCatalogEntry?
  ) -> [String: SensitivityRole] {
    let search = SensitivitySearch(graph, catalog: catalog)
    let values = search.valueProducts
    var roles: [String: SensitivityRole] = [:]
    for (number, use) in search.uses {
      let role: SensitivityRole =
        if use.isLookup {
          .embedding
        } else if values.contains(number) {
          .value
        } else {
          search.isFirstFeedForward(number) ? .firstFeedForward : .other
        }
      let known = roles[use.tensor] ?? role
      roles[use.tensor] = role.priority < known.priority ? role : known
    }
    return roles
  }

  private var priority: Int {
    switch self {
    case .value: 0
    case .firstFeedForward: 1
    case .other: 2
    case .embedding: 3
    }
  }
}

/// Two weights of which the second multiplies what the first makes, once an activation and elementwise arithmetic have
/// passed over it: a feed-forward block.
public struct FeedForwardPair: Sendable, Hashable {
  public let first: String
  public let second: String

  /// The pairs of a graph, told from the topology alone, in the order of the first ones. Nothing else reads what lies
  /// between the two, and neither weight has another use.
  /// - Parameter catalog: the tensor with a given name, nil where there is none.
  public static func pairs(
    in graph: Graph, catalog: (String) -> TensorCatalogEntry?
  ) -> [FeedForwardPair] {
    SensitivitySearch(graph, catalog: catalog).feedForwardPairs
  }
}

/// Walks along the values of a graph.
private struct SensitivitySearch {
  /// A node that multiplies by a weight or looks up its rows.
  struct Use {
    let tensor: String
    let isLookup: Bool
  }

  private let nodes: [Node]
  /// Inputs of the graph.
  private let inputs: Set<String>
  private var producers: [String: Int] = [:]
  private var consumers: [String: [Int]] = [:]
  /// By number of the node, in the order of nodes.
  private(set) var uses: [(number: Int, use: Use)] = []
  /// Numbers of the nodes that multiply by a weight.
  private var products: Set<Int> = []

  init(_ graph: Graph, catalog: (String) -> TensorCatalogEntry?) {
    nodes = graph.nodes
    inputs = Set(graph.inputs.map(\.name))
    let transposes = TransposedTensors(graph) { catalog($0)?.rank }.sources
    for (number, node) in nodes.enumerated() {
      for output in node.outputs where output != "" { producers[output] = number }
      for input in Set(node.inputs) where input != "" { consumers[input, default: []].append(number) }
      let linear = OperatorRegistry.entry(for: node)?.linearOperand(of: node) { name in
        catalog(transposes[name] ?? name)?.rank
      }
      guard let linear, let tensor = catalog(transposes[linear.name] ?? linear.name) else { continue }
      let isLookup = linear.operand.use == .rows
      uses.append((number, Use(tensor: tensor.name, isLookup: isLookup)))
      if !isLookup { products.insert(number) }
    }
  }

  /// Numbers of the products whose outputs are multiplied by that of a softmax.
  var valueProducts: Set<Int> {
    var found: Set<Int> = []
    for node in nodes {
      switch node.operatorType {
      case "MatMul" where node.inputs.count == 2:
        for (side, other) in [(0, 1), (1, 0)]
        where comesFrom(node.inputs[side], operators: ["Softmax"], through: Self.unchanging) {
          found.formUnion(origins(of: node.inputs[other], through: Self.arranging))
        }
      case "Attention" where node.inputs.count > 2:
        found.formUnion(origins(of: node.inputs[2], through: Self.arranging))
      default: continue
      }
    }
    return found
  }

  /// Whether an activation follows a product, through elementwise arithmetic, and a product follows the activation.
  func isFirstFeedForward(_ number: Int) -> Bool {
    let activations = reached(from: [number], through: Self.arithmetic).filter {
      Self.activations.contains(nodes[$0].operatorType)
    }
    guard !activations.isEmpty else { return false }
    return reached(from: activations, through: nil).contains { products.contains($0) }
  }

  var feedForwardPairs: [FeedForwardPair] {
    let tensors = Dictionary(uniqueKeysWithValues: uses.map { ($0.number, $0.use.tensor) })
    let useCounts = Dictionary(uses.map { ($0.use.tensor, 1) }, uniquingKeysWith: +)
    var pairs: [FeedForwardPair] = []
    for first in products.sorted() {
      guard let second = onlyProduct(after: first), isFed(second, by: first),
        let firstTensor = tensors[first],
        let secondTensor = tensors[second], useCounts[firstTensor] == 1, useCounts[secondTensor] == 1
      else { continue }
      pairs.append(FeedForwardPair(first: firstTensor, second: secondTensor))
    }
    return pairs
  }

  private static let elementwise = arithmetic.union(activations)

  /// The product that alone reads what another makes, through an activation and elementwise arithmetic.
  private func onlyProduct(after number: Int) -> Int? {
    let readers = reached(from: [number], through: Self.elementwise)
    let ends = readers.filter { products.contains($0) }
    let passed = readers.filter { !products.contains($0) }.map { nodes[$0].operatorType }
    return ends.count == 1 && passed.allSatisfy(Self.elementwise.contains)
      && passed.contains(where: Self.activations.contains) ? ends[0] : nil
  }

  /// Whether what a product multiplies comes from another one alone, but for weights.
  private func isFed(_ number: Int, by source: Int) -> Bool {
    var seen: Set<Int> = []
    var values = nodes[number].inputs
    while let value = values.popLast() {
      if inputs.contains(value) { return false }
      guard let producer = producers[value], producer != source, seen.insert(producer).inserted else {
        continue
      }
      let node = nodes[producer]
      guard Self.elementwise.contains(node.operatorType) || node.operatorType == "Transpose" else {
        return false
      }
      values += node.inputs
    }
    return true
  }

  private func comesFrom(_ value: String, operators: Set<String>, through passed: Set<String>) -> Bool {
    var value = value
    // A path of nodes is no longer than the graph, unless the graph is a cycle.
    for _ in nodes.indices {
      guard let producer = producers[value] else { return false }
      let node = nodes[producer]
      if operators.contains(node.operatorType) { return true }
      guard passed.contains(node.operatorType), let first = node.inputs.first else { return false }
      value = first
    }
    return false
  }

  /// The products that a value comes from, through operators that rearrange or add.
  private func origins(of value: String, through passed: Set<String>) -> Set<Int> {
    var found: Set<Int> = []
    var seen: Set<Int> = []
    var values = [value]
    while let value = values.popLast() {
      guard let producer = producers[value], seen.insert(producer).inserted else { continue }
      if products.contains(producer) {
        found.insert(producer)
      } else if passed.contains(nodes[producer].operatorType) {
        values += nodes[producer].inputs
      }
    }
    return found
  }

  /// The nodes that read what some nodes make, directly or through operators that are passed; nil passes all but
  /// products.
  private func reached(from start: [Int], through passed: Set<String>?) -> [Int] {
    var found: [Int] = []
    var seen: Set<Int> = []
    var front = start
    while let number = front.popLast() {
      for reader in nodes[number].outputs.flatMap({ consumers[$0] ?? [] }) where seen.insert(reader).inserted
      {
        found.append(reader)
        let isPassed = passed.map { $0.contains(nodes[reader].operatorType) } ?? !products.contains(reader)
        if isPassed { front.append(reader) }
      }
    }
    return found
  }

  /// What leaves a softmax's output a distribution.
  private static let unchanging: Set<String> = [
    "Identity", "Dropout", "Cast", "Reshape", "Transpose", "Where",
  ]
  /// What moves values to other places, and the addition of a bias.
  private static let arranging: Set<String> = [
    "Identity", "Cast", "Dropout", "Reshape", "Transpose", "Add", "Split", "Slice", "Squeeze", "Unsqueeze",
    "Expand", "Concat",
  ]
  /// What an activation written out as primitives, a bias or a normalization is made of.
  private static let arithmetic: Set<String> = [
    "Identity", "Cast", "Dropout", "Add", "Sub", "Mul", "Div", "Pow", "BatchNormalization",
  ]
  private static let activations: Set<String> = [
    "Relu", "LeakyRelu", "PRelu", "ThresholdedRelu", "Elu", "Selu", "Celu", "Gelu", "Erf", "Tanh", "Sigmoid",
    "HardSigmoid", "HardSwish", "Swish", "Mish", "Softplus", "Softsign",
  ]
}
