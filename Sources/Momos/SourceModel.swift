import MomosInterchange
import MomosModel

/// The tensors and the graph of sources as a model stores them: nodes that depend on weights alone are computed
/// beforehand, tensors that nothing uses are left out.
///
/// That is done for a graph that comes with the tensors. A graph of its own file stays as it was written, with all
/// tensors of the sources. Tensors are computed whenever they are read, so that memory is bounded by the largest
/// one and what it is computed from.
struct SourceModel: Sendable {
  /// What a model stores. Names are unique.
  let catalog: [SourceTensor]
  /// Tensors of the sources that the graph does not use.
  let unused: [SourceTensor]
  let graphs: [Graph]
  let operatorSets: [OperatorSet]
  /// Paths of everything that is read.
  let files: [String]
  private let tensors: FoldedTensors

  /// - Parameter graph: a file with a graph in JSON, which replaces that of the sources.
  init(sources: [String], graph: String? = nil) throws(MomosError) {
    let source = try MomosError.translating { try SourceCollection.open(sources) }
    files = source.files + (graph.map { [$0] } ?? [])
    if let graph {
      (graphs, operatorSets) = try MomosError.translating { try GraphJSON.read(graph) }
      (tensors, catalog, unused) = (FoldedTensors(source), source.catalog, [])
    } else if let document = try MomosError.translating({ try source.graph() }) {
      operatorSets = document.operatorSets
      var folding = GraphFolding(source, operatorSets: document.operatorSets)
      let graphs = document.graphs.count == 1 ? [folding.fold(document.graphs[0])] : document.graphs
      let tensors = folding.tensors
      let used = Set(graphs.flatMap(\.namesOfUsedValues))
      let catalog = (source.catalog + folding.catalog).filter { used.contains($0.name) }
      let tables = try TransposedTables(graphs, catalog: catalog) { name throws(MomosError) in
        try MomosError.translating { try tensors.read(name) }
      }
      self.tensors = tensors
      self.graphs = graphs.map(tables.added)
      self.catalog = catalog.filter { tables.names[$0.name] == nil }
      unused = source.catalog.filter { !used.contains($0.name) && !folding.consumed.contains($0.name) }
    } else {
      (graphs, operatorSets, tensors, catalog, unused) = ([], [], FoldedTensors(source), source.catalog, [])
    }
  }

  /// Reads or computes a tensor.
  func read(_ name: String) throws(MomosError) -> Tensor {
    try MomosError.translating { try tensors.read(name) }
  }
}

extension Graph {
  /// Names that nodes read, graph outputs and tensors of attributes.
  fileprivate var namesOfUsedValues: Set<String> {
    var names = Set(outputs.map(\.name))
    for node in nodes {
      names.formUnion(node.inputs)
      for case .tensor(let name) in node.attributes.map(\.value) { names.insert(name) }
    }
    return names
  }
}
