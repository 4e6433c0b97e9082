import MomosModel

/// Who produces which value in a graph, and what follows from that: names, needed nodes, execution order.
struct GraphStructure {
  private let graph: Graph
  /// Numbers of the nodes by the values they produce.
  private let producers: [String: Int]

  init(_ graph: Graph) {
    self.graph = graph
    var producers: [String: Int] = [:]
    for (number, node) in graph.nodes.enumerated() {
      for output in node.outputs where output != "" { producers[output] = number }
    }
    self.producers = producers
  }

  /// Checks that every value has one producer and every name that is read has a meaning.
  func validate(isTensor: (String) -> Bool) throws(RuntimeError) {
    let inputs = try graphInputs(isTensor: isTensor)
    var values = inputs
    for node in graph.nodes {
      for output in node.outputs where output != "" {
        guard !isTensor(output) else { throw .valueShadowsTensor(output) }
        guard values.insert(output).inserted else {
          throw .duplicateValue(output, node: NodeLabel(node))
        }
      }
    }
    for node in graph.nodes {
      for input in node.inputs where input != "" && !values.contains(input) && !isTensor(input) {
        throw .undefinedNodeInput(input, node: NodeLabel(node))
      }
    }
    var outputs: Set<String> = []
    for output in graph.outputs {
      guard outputs.insert(output.name).inserted else { throw .duplicateGraphOutput(output.name) }
      guard values.contains(output.name) || isTensor(output.name) else {
        throw .undefinedGraphOutput(output.name)
      }
    }
  }

  private func graphInputs(isTensor: (String) -> Bool) throws(RuntimeError) -> Set<String> {
    var names: Set<String> = []
    for input in graph.inputs {
      guard names.insert(input.name).inserted else { throw .duplicateGraphInput(input.name) }
      guard !isTensor(input.name) else { throw .valueShadowsTensor(input.name) }
    }
    return names
  }

  /// For every node, whether a graph output depends on it. Any graph has an answer, valid or not.
  func neededNodes() -> [Bool] {
    var isNeeded = [Bool](repeating: false, count: graph.nodes.count)
    var names = graph.outputs.map(\.name)
    while let name = names.popLast() {
      guard let number = producers[name], !isNeeded[number] else { continue }
      isNeeded[number] = true
      names += graph.nodes[number].inputs
    }
    return isNeeded
  }

  /// The needed nodes such that every value is produced before it is read: of the nodes that are ready, the
  /// first of the file goes first.
  func executionOrder() throws(RuntimeError) -> [Node] {
    var readers = [[Int]](repeating: [], count: graph.nodes.count)
    var missing = [Int](repeating: 0, count: graph.nodes.count)
    for (number, node) in graph.nodes.enumerated() {
      for input in node.inputs {
        guard let producer = producers[input] else { continue }
        readers[producer].append(number)
        missing[number] += 1
      }
    }
    // Descending, so that the first node of the file is at the end.
    var ready = graph.nodes.indices.reversed().filter { missing[$0] == 0 }
    var order: [Int] = []
    while let number = ready.popLast() {
      order.append(number)
      for reader in readers[number] {
        missing[reader] -= 1
        if missing[reader] == 0 { ready.insert(reader, at: Self.position(of: reader, in: ready)) }
      }
    }
    if let number = missing.firstIndex(where: { $0 > 0 }) {
      throw .cycle(through: NodeLabel(graph.nodes[nodeOnCycle(from: number, missing)]))
    }
    let isNeeded = neededNodes()
    return order.filter { isNeeded[$0] }.map { graph.nodes[$0] }
  }

  /// A node that depends on itself, found from one that waits by going from reader to producer among those that
  /// wait until a node comes again.
  /// - Parameter missing: how many inputs of each node are waiting; a waiting node has a waiting producer.
  private func nodeOnCycle(from start: Int, _ missing: [Int]) -> Int {
    var isSeen = [Bool](repeating: false, count: graph.nodes.count)
    var number = start
    while !isSeen[number] {
      isSeen[number] = true
      let waiting = graph.nodes[number].inputs.lazy.compactMap { producers[$0] }.first { missing[$0] > 0 }
      number = waiting ?? number
    }
    return number
  }

  /// Where to insert a number into a descending array.
  private static func position(of number: Int, in descending: [Int]) -> Int {
    var low = 0
    var high = descending.count
    while low < high {
      let middle = (low + high) / 2
      if descending[middle] > number { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
