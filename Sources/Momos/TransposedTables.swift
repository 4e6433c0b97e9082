import MomosInterchange
import MomosModel
import MomosRuntime

/// Matrices that a graph multiplies by and that are the transposes of tables whose rows it looks up: exporters store
/// tied embeddings so. The file holds the table alone, and the graph transposes it, which takes no work.
struct TransposedTables {
  /// Names of the tables, by the names of their transposes.
  private(set) var names: [String: String] = [:]

  /// Reads every matrix that has the type and the shape of a transposed table.
  ///
  /// - Parameters:
  ///   - graphs: nothing is found unless there is exactly one.
  ///   - catalog: the tensors of the graph.
  init(
    _ graphs: [Graph], catalog: [SourceTensor], read: (String) throws(MomosError) -> Tensor
  ) throws(MomosError) {
    guard graphs.count == 1, let graph = graphs.first else { return }
    let lookedUp = Set(
      graph.nodes.filter { $0.operatorType == "Gather" && $0.domain == "" }.compactMap(\.inputs.first))
    let matrices = catalog.filter {
      $0.shape.rank == 2 && $0.elementType.isFloatingPoint && $0.byteCount >= TiedTensors.minimumByteCount
    }
    for table in matrices where lookedUp.contains(table.name) {
      let twins = matrices.filter {
        $0.elementType == table.elementType && $0.name != table.name && names[$0.name] == nil
          && $0.shape.dimensions == table.shape.dimensions.reversed() && !lookedUp.contains($0.name)
      }
      for twin in twins where isMultiplied(twin.name, table: table.name, in: graph, catalog) {
        let values = try read(twin.name)
        let transposed = try MomosError.translating { try read(table.name).transposed([1, 0]) }
        if values.bytes == transposed.bytes { names[twin.name] = table.name }
      }
    }
  }

  /// The graph with the transpositions of the tables at its beginning.
  func added(to graph: Graph) -> Graph {
    var graph = graph
    let transpositions = names.inKeyOrder.map { Self.transposition(of: $0.value, as: $0.key) }
    graph.nodes = transpositions + graph.nodes
    return graph
  }

  /// Whether a matrix could be seen in the table wherever the graph reads it.
  private func isMultiplied(
    _ name: String, table: String, in graph: Graph, _ catalog: [SourceTensor]
  ) -> Bool {
    guard !graph.inputs.contains(where: { $0.name == name || $0.name == table }) else { return false }
    var transposing = graph
    transposing.nodes.insert(Self.transposition(of: table, as: name), at: 0)
    let ranks = Dictionary(uniqueKeysWithValues: catalog.map { ($0.name, $0.shape.rank) })
    let sources = TransposedTensors(transposing) { $0 == name ? nil : ranks[$0] }.sources
    let isAttribute = graph.nodes.contains { node in
      node.attributes.contains { $0.value == .tensor(name) }
    }
    return sources[name] == table && !isAttribute
  }

  private static func transposition(of table: String, as name: String) -> Node {
    Node(
      name: name, operatorType: "Transpose", inputs: [table], outputs: [name],
      attributes: [NodeAttribute(name: "perm", value: .ints([1, 0]))])
  }
}
