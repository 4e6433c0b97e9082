import MomosModel

/// Subgraphs stand inside of the nodes that have them in ONNX, where `.momos` files refer to them by number.
enum SubgraphNesting {
  static let maximumDepth = 32
  /// Of all graphs, those counted again that several nodes have.
  static let maximumNodeCount = 1 << 20

  /// - Throws: for graphs that would be nested too deep or repeated too often.
  static func check(_ graphs: [Graph], in path: String) throws(MomosError) {
    var depths = [Int](repeating: 1, count: graphs.count)
    var nodeCounts = [Int](repeating: 0, count: graphs.count)
    // A graph has a larger number than the one that it stands in.
    for number in graphs.indices.reversed() {
      nodeCounts[number] = graphs[number].nodes.count
      for subgraph in graphs[number].nodes.flatMap(\.subgraphs) {
        depths[number] = max(depths[number], depths[subgraph] + 1)
        nodeCounts[number] = min(nodeCounts[number] + nodeCounts[subgraph], maximumNodeCount + 1)
      }
    }
    guard let depth = depths.first, let nodeCount = nodeCounts.first else { return }
    guard depth <= maximumDepth else {
      throw MomosError(
        .badData, "'\(path)': expected at most \(maximumDepth) graphs inside of each other, found \(depth)")
    }
    guard nodeCount <= maximumNodeCount else {
      throw MomosError(
        .badData,
        "'\(path)': expected at most \(maximumNodeCount.grouped) nodes with those of subgraphs wherever they are used, found more"
      )
    }
  }
}

extension Node {
  /// Positions of the graphs that are attributes.
  var subgraphs: [Int] {
    attributes.compactMap { if case .graph(let number) = $0.value { number } else { nil } }
  }
}

extension Graph {
  /// Graphs as ONNX wants them: nodes behind those whose values they or their subgraphs take, and else in their order.
  ///
  /// - Parameter names: other names for what nodes take, unless a graph defines the name itself.
  static func exported(_ graphs: [Graph], _ names: [String: String]) -> [Graph] {
    var results = graphs
    var captured = [Set<String>](repeating: [], count: graphs.count)
    for number in graphs.indices.reversed() {
      let graph = graphs[number].replacingInputs(names)
      let taken = graph.nodes.map { node in
        node.subgraphs.reduce(into: node.inputs) { $0 += captured[$1].sorted() }
      }
      results[number] = graph.sorted(taking: taken)
      captured[number] = Set(taken.joined()).union(graph.outputs.map(\.name)).subtracting(graph.defined)
    }
    return results
  }

  /// Names of inputs and of what nodes give.
  private var defined: Set<String> {
    Set(inputs.map(\.name)).union(nodes.flatMap(\.outputs))
  }

  private func replacingInputs(_ names: [String: String]) -> Graph {
    var graph = self
    let own = defined
    for number in graph.nodes.indices {
      graph.nodes[number].inputs = nodes[number].inputs.map { own.contains($0) ? $0 : names[$0] ?? $0 }
    }
    return graph
  }

  /// - Parameter taken: what every node takes.
  private func sorted(taking taken: [[String]]) -> Graph {
    let producers = Dictionary(
      nodes.enumerated().flatMap { number, node in node.outputs.filter { !$0.isEmpty }.map { ($0, number) } },
      uniquingKeysWith: { first, _ in first })
    var order: [Int] = []
    var isSeen = [Bool](repeating: false, count: nodes.count)
    for number in nodes.indices where !isSeen[number] {
      isSeen[number] = true
      var path = [(node: number, nextInput: 0)]
      while let (node, next) = path.last {
        guard next < taken[node].count else {
          order.append(node)
          path.removeLast()
          continue
        }
        path[path.count - 1].nextInput += 1
        if let producer = producers[taken[node][next]], !isSeen[producer] {
          isSeen[producer] = true
          path.append((producer, 0))
        }
      }
    }
    var graph = self
    graph.nodes = order.map { nodes[$0] }
    return graph
  }
}
