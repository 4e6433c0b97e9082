/// The strongly connected components of a directed graph and the acyclic graph between them (Tarjan 1972, without
/// recursion).
public struct StronglyConnectedComponents: Sendable, Hashable {
  /// Nodes of each component, ascending; components in topological order: edges go to later ones only.
  public let components: [[Int]]
  /// The condensation: for each component the later ones that an edge leads to, ascending.
  public let successors: [[Int]]

  /// - Parameter successors: for each node the nodes that its edges lead to.
  public init(successors: [[Int]]) {
    var search = ComponentSearch(successors: successors)
    for node in successors.indices where search.order[node] < 0 { search.visit(from: node) }
    // A component is found after all that it leads to.
    let components = search.components.reversed().map { $0.sorted() }
    var componentOfNode = [Int](repeating: 0, count: successors.count)
    for (number, nodes) in components.enumerated() {
      for node in nodes { componentOfNode[node] = number }
    }
    self.components = components
    self.successors = components.enumerated().map { number, nodes in
      var targets: Set<Int> = []
      for node in nodes {
        for target in successors[node] where componentOfNode[target] != number {
          targets.insert(componentOfNode[target])
        }
      }
      return targets.sorted()
    }
  }
}

private struct ComponentSearch {
  let successors: [[Int]]
  /// When a node was reached; -1 before.
  var order: [Int]
  /// The earliest node on the stack that a node leads back to.
  private var lowest: [Int]
  private var isOnStack: [Bool]
  private var stack: [Int] = []
  private var reachedCount = 0
  /// Each after those that it leads to.
  var components: [[Int]] = []

  init(successors: [[Int]]) {
    self.successors = successors
    order = Array(repeating: -1, count: successors.count)
    lowest = order
    isOnStack = Array(repeating: false, count: successors.count)
  }

  mutating func visit(from root: Int) {
    var path = [(node: root, next: 0)]
    reach(root)
    while let (node, next) = path.last {
      guard next < successors[node].count else {
        path.removeLast()
        if let parent = path.last?.node { lowest[parent] = min(lowest[parent], lowest[node]) }
        if lowest[node] == order[node] { components.append(popComponent(of: node)) }
        continue
      }
      path[path.count - 1].next += 1
      let target = successors[node][next]
      if order[target] < 0 {
        reach(target)
        path.append((target, 0))
      } else if isOnStack[target] {
        lowest[node] = min(lowest[node], order[target])
      }
    }
  }

  private mutating func reach(_ node: Int) {
    order[node] = reachedCount
    lowest[node] = reachedCount
    reachedCount += 1
    stack.append(node)
    isOnStack[node] = true
  }

  private mutating func popComponent(of root: Int) -> [Int] {
    var component: [Int] = []
    while let node = stack.popLast() {
      isOnStack[node] = false
      component.append(node)
      if node == root { break }
    }
    return component
  }
}
