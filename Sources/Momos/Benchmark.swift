import MomosModel
import MomosRuntime

extension Run {
  /// Executes repeatedly, after a warm-up of at least three runs and a tenth of a second, then a few times more node
  /// by node.
  public func measure(repeating count: Int) throws(MomosError) -> BenchmarkReport {
    let warmUpEnd = ContinuousClock.now + .milliseconds(100)
    var warmUpRuns = 0
    while warmUpRuns < 3 || ContinuousClock.now < warmUpEnd {
      _ = try execute()
      warmUpRuns += 1
    }
    var seconds: [Double] = []
    for _ in 0..<count {
      let start = ContinuousClock.now
      _ = try execute()
      seconds.append((ContinuousClock.now - start).seconds)
    }
    seconds.sort()
    let batch = inputNames.compactMap { inputs[$0] }.first { $0.shape.rank > 0 }?.shape[0] ?? 1
    return BenchmarkReport(
      runCount: count, medianSeconds: seconds[(count - 1) / 2],
      p95Seconds: seconds[min(count - 1, Int((Double(count) * 0.95).rounded(.up)) - 1)],
      itemCount: batch, residentBytes: ProcessMemory.residentByteCount, weightBytes: weightByteCount,
      nodes: try measureNodes(runCount: min(count, 20)))
  }

  /// The mean time of every node of a graph over some runs, slowest first.
  private func measureNodes(runCount: Int) throws(MomosError) -> [NodeReport] {
    guard case .graph(let session) = executable else { return [] }
    var nodes: [NodeReport] = []
    for _ in 0..<runCount {
      let times = try session.measureNodes(inputs)
      if nodes.isEmpty {
        nodes = times.map {
          NodeReport(operatorType: $0.label.operatorType, name: $0.label.title, seconds: 0)
        }
      }
      for (number, time) in times.enumerated() {
        nodes[number].seconds += time.duration.seconds / Double(runCount)
      }
    }
    return nodes.sorted { $0.seconds > $1.seconds }
  }
}

/// How fast a model executes, the call alone.
public struct BenchmarkReport: Report, Codable, Sendable {
  public let runCount: Int
  public let medianSeconds: Double
  public let p95Seconds: Double
  /// Items in one run: the first dimension of the graph's first input that has one.
  public let itemCount: Int
  /// Resident memory of the process after the runs.
  public let residentBytes: Int
  /// Memory of the weights as the file holds them; what executing them adds is in `residentBytes`.
  public let weightBytes: Int
  /// Slowest first; empty without a graph.
  public let nodes: [NodeReport]

  private static let nodesInText = 12

  public var text: String {
    let perItem = medianSeconds / Double(max(itemCount, 1))
    let summary =
      "\(runCount) runs: median \((medianSeconds * 1e6).text(decimals: 1)) us, 95th percentile "
      + "\((p95Seconds * 1e6).text(decimals: 1)) us, \((perItem * 1e6).text(decimals: 2)) us per item "
      + "(\(itemCount) items), \(residentBytes.grouped) bytes resident, \(weightBytes.grouped) of weights"
    guard !nodes.isEmpty else { return summary }
    return summary + "\n\n" + nodeTable
  }

  private var nodeTable: String {
    var table = TextTable([
      ("node", .left), ("operator", .left), ("us", .right), ("share", .right),
    ])
    let total = nodes.reduce(0) { $0 + $1.seconds }
    func add(_ name: String, _ operatorType: String, _ seconds: Double) {
      table.add([
        name, operatorType, (seconds * 1e6).text(decimals: 1),
        (seconds / max(total, .leastNonzeroMagnitude) * 100).text(decimals: 1) + "%",
      ])
    }
    for node in nodes.prefix(Self.nodesInText) { add(node.name, node.operatorType, node.seconds) }
    let rest = nodes.dropFirst(Self.nodesInText)
    if !rest.isEmpty { add("\(rest.count) others", "", rest.reduce(0) { $0 + $1.seconds }) }
    return table.text
  }
}

/// What one node takes; nodes that were joined count as one.
public struct NodeReport: Codable, Sendable {
  public let operatorType: String
  /// The node's name, or the first value it gives.
  public let name: String
  public internal(set) var seconds: Double
}

extension Duration {
  fileprivate var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
