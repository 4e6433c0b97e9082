import MomosModel
import MomosRuntime

extension Run {
  /// Executes repeatedly, after a warm-up of at least three runs and a tenth of a second, then a few times more node
  /// by node.
  public func measure(repeating count: Int) throws(MomosError) -> BenchmarkReport {
    let warmUp = Stopwatch()
    var warmUpRuns = 0
    while warmUpRuns < 3 || warmUp.elapsed < .milliseconds(100) {
      _ = try execute()
      warmUpRuns += 1
    }
    var seconds: [Double] = []
    var denseSeconds: [Double] = []
    for _ in 0..<count {
      let stopwatch = Stopwatch()
      _ = try execute()
      seconds.append(stopwatch.elapsed.seconds)
      guard let denseSession else { continue }
      let denseStopwatch = Stopwatch()
      _ = try denseSession.run(inputs)
      denseSeconds.append(denseStopwatch.elapsed.seconds)
    }
    seconds.sort()
    let batch = inputNames.compactMap { inputs[$0] }.first { $0.shape.rank > 0 }?.shape[0] ?? 1
    return BenchmarkReport(
      runCount: count, medianSeconds: seconds[(count - 1) / 2],
      p95Seconds: seconds[min(count - 1, Int((Double(count) * 0.95).rounded(.up)) - 1)],
      denseMedianSeconds: denseSession == nil ? nil : denseSeconds.median,
      itemCount: batch, residentBytes: ProcessMemory.residentByteCount, weightBytes: weightByteCount,
      nodes: try measureNodes(runCount: min(count, 20)))
  }

  /// The median time of every node of a graph over some runs, slowest first; with dense weights in turn.
  private func measureNodes(runCount: Int) throws(MomosError) -> [NodeReport] {
    guard case .graph(let session) = executable else { return [] }
    var runs: [[NodeTime]] = []
    var denseRuns: [[NodeTime]] = []
    for _ in 0..<runCount {
      runs.append(try session.measureNodes(inputs))
      if let denseSession { denseRuns.append(try denseSession.measureNodes(inputs)) }
    }
    guard let first = runs.first else { return [] }
    // Nodes may be joined otherwise where weights are dense: those are not compared.
    let denseNodes = Dictionary(
      (denseRuns.first ?? []).enumerated().map { ($1.label, $0) }, uniquingKeysWith: { $1 })
    let nodes = first.enumerated().map { number, node in
      NodeReport(
        operatorType: node.label.operatorType, name: node.label.title, hasWeight: node.hasWeight,
        seconds: runs.map { $0[number].duration.seconds }.median,
        denseSeconds: denseNodes[node.label].map { number in
          denseRuns.map { $0[number].duration.seconds }.median
        })
    }
    return nodes.sorted { $0.seconds > $1.seconds }
  }
}

/// How fast a model executes, the call alone.
public struct BenchmarkReport: Report, Codable, Sendable {
  /// Runs that were measured, after a warm-up.
  public let runCount: Int
  public let medianSeconds: Double
  /// The 95th percentile.
  public let p95Seconds: Double
  /// The same runs with dense weights, in turn; nil unless asked for.
  public let denseMedianSeconds: Double?
  /// Items in one run: the first dimension of the graph's first input that has one.
  public let itemCount: Int
  /// Resident memory of the process after the runs.
  public let residentBytes: Int
  /// Memory of the weights as the file holds them; what executing them adds is in `residentBytes`.
  public let weightBytes: Int
  /// Slowest first; empty without a graph.
  public let nodes: [NodeReport]

  private static let nodesInText = 12

  /// Weight layers that took more than this times what they take with dense weights are better left dense.
  private static let acceptedSlowness = 1.05

  /// Nodes with a weight that are slower than with the dense one.
  public var betterLeftDense: [String] {
    nodes.filter { node in
      node.hasWeight && node.denseSeconds.map { node.seconds > $0 * Self.acceptedSlowness } == true
    }.map(\.name)
  }

  public var text: String {
    let perItem = medianSeconds / Double(max(itemCount, 1))
    let summary =
      "\(runCount) runs: median \((medianSeconds * 1e6).text(decimals: 1)) us, 95th percentile "
      + "\((p95Seconds * 1e6).text(decimals: 1)) us, \((perItem * 1e6).text(decimals: 2)) us per item "
      + "(\(itemCount) items, \((1 / max(perItem, .leastNonzeroMagnitude)).text(decimals: 1)) per second), \(residentBytes.grouped) bytes resident, \(weightBytes.grouped) of weights"
    guard !nodes.isEmpty else { return summary }
    return ([summary] + [comparison].compactMap { $0 } + ["", nodeTable]).joined(separator: "\n")
  }

  private var comparison: String? {
    guard let denseMedianSeconds else { return nil }
    let ratio = medianSeconds / max(denseMedianSeconds, .leastNonzeroMagnitude)
    let layers = betterLeftDense
    return "with dense weights: median \((denseMedianSeconds * 1e6).text(decimals: 1)) us; this file takes "
      + "\(ratio.text(decimals: 2)) of it\n"
      + (layers.isEmpty
        ? "no layer is better left dense"
        : "better left dense: \(layers.map(\.printable).joined(separator: ", "))")
  }

  private var nodeTable: String {
    var table = TextTable([
      ("node", .left), ("operator", .left), ("us", .right), ("share", .right), ("dense us", .right),
    ])
    let total = nodes.reduce(0) { $0 + $1.seconds }
    func add(_ name: String, _ operatorType: String, _ seconds: Double, dense: Double?) {
      table.add([
        name, operatorType, (seconds * 1e6).text(decimals: 1),
        (seconds / max(total, .leastNonzeroMagnitude) * 100).text(decimals: 1) + "%",
        dense.map { ($0 * 1e6).text(decimals: 1) } ?? "",
      ])
    }
    for node in nodes.prefix(Self.nodesInText) {
      add(node.name, node.operatorType, node.seconds, dense: node.denseSeconds)
    }
    let rest = nodes.dropFirst(Self.nodesInText)
    if !rest.isEmpty {
      let dense = rest.compactMap(\.denseSeconds)
      add(
        "\(rest.count) others", "", rest.reduce(0) { $0 + $1.seconds },
        dense: dense.isEmpty ? nil : dense.reduce(0, +))
    }
    return table.text
  }
}

/// What one node takes; nodes that were joined count as one.
public struct NodeReport: Codable, Sendable {
  public let operatorType: String
  /// The node's name, or the first value it gives.
  public let name: String
  /// Whether it multiplies by a weight of the model or looks its rows up.
  public let hasWeight: Bool
  public let seconds: Double
  /// With dense weights; nil unless asked for.
  public let denseSeconds: Double?
}

extension [Double] {
  /// The lower median; 0 for none.
  fileprivate var median: Double { isEmpty ? 0 : sorted()[(count - 1) / 2] }
}
