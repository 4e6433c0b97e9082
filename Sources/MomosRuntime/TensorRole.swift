public import MomosModel

/// What a graph does with a tensor.
public enum TensorRole: Sendable, Hashable {
  /// Every use multiplies by it or looks up its rows, as a matrix in this view: it may become a mosaic.
  case linear(MatrixView, use: WeightUse = .product)
  /// Some use takes it as it is, for the reason given; the reason completes "stays dense because it ...".
  case dense(reason: String)
}

/// What must be known of a tensor to tell its role.
public struct TensorCatalogEntry: Sendable, Hashable {
  /// The tensor that holds the weights: the target of an alias, for others the tensor itself.
  public let name: String
  public let rank: Int
  /// The size of the first axis; nil if it does not matter.
  public let leadingSize: Int?

  public init(name: String, rank: Int, leadingSize: Int? = nil) {
    self.name = name
    self.rank = rank
    self.leadingSize = leadingSize
  }
}

extension TensorRole {
  /// Tables of fewer rows stay dense when rows are looked up: their bytes do not matter, their errors do.
  private static let leastTableRowCount = 128

  /// The roles of the tensors of a graph, by the name of the tensor that holds the weights.
  ///
  /// Only nodes that an output of the graph depends on count; a tensor that none of them uses has no role.
  /// Needs no weights, and gives an answer for every graph, executable or not.
  /// - Parameter catalog: the tensor with a given name, nil where there is none.
  public static func roles(
    in graph: Graph, catalog: (String) -> TensorCatalogEntry?
  ) -> [String: TensorRole] {
    var uses: [String: [TensorUse]] = [:]
    let isNeeded = GraphStructure(graph).neededNodes()
    let transposes = TransposedTensors(graph) { catalog($0)?.rank }.sources
    for (node, isNeeded) in zip(graph.nodes, isNeeded) where isNeeded {
      // What reads a transpose uses the tensor; to make it does not.
      if node.outputs.contains(where: { transposes[$0] != nil }) { continue }
      let linear = OperatorRegistry.entry(for: node)?.linearOperand(of: node) { name in
        catalog(transposes[name] ?? name)?.rank
      }
      for (position, name) in node.inputs.enumerated() {
        guard let tensor = catalog(transposes[name] ?? name) else { continue }
        let operand = position == linear?.operand.position ? linear?.operand : nil
        let view = transposes[name] == nil ? operand?.view : operand?.view.ofTranspose
        var place = "input \(position) of \(NodeLabel(node))"
        let isSmallTable = operand?.use == .rows && tensor.leadingSize ?? Int.max < leastTableRowCount
        if isSmallTable { place = "a table of fewer than \(leastTableRowCount) rows, \(place)" }
        uses[tensor.name, default: []].append(
          TensorUse(place: place, view: isSmallTable ? nil : view, isLookup: operand?.use == .rows))
      }
    }
    for output in graph.outputs {
      guard let tensor = catalog(output.name) else { continue }
      uses[tensor.name, default: []].append(
        TensorUse(place: "the graph output \"\(output.name)\"", view: nil, isLookup: false))
    }
    return uses.mapValues(role)
  }

  private static func role(of uses: [TensorUse]) -> TensorRole {
    if let use = uses.first(where: { $0.view == nil }) { return .dense(reason: "is \(use.place)") }
    guard let first = uses.first, let view = first.view else { return .dense(reason: "is not used") }
    if let other = uses.first(where: { $0.view != view }) {
      return .dense(reason: "is used along one axis as \(first.place), along another as \(other.place)")
    }
    return .linear(view, use: uses.allSatisfy(\.isLookup) ? .rows : .product)
  }
}

/// One use of a tensor by a graph.
private struct TensorUse {
  let place: String
  /// nil for a use that takes the tensor as it is.
  let view: MatrixView?
  let isLookup: Bool
}
