import MomosTestSupport
import Testing

/// What the commands say of single layers.
struct LayerReportTests {
  private struct Verification: Decodable {
    struct Metrics: Decodable, Equatable {
      let relativeError: Double
      let snrDb: Double
    }
    struct Layer: Decodable {
      let name: String
      let againstSource: Metrics
    }
    struct Output: Decodable {
      let againstSource: Metrics
      let divergence: Double
    }
    let layers: [Layer]
    let firstBadLayer: String?
    let outputs: [Output]
  }

  @Test func verificationComparesEveryLayerWithTheSource() throws {
    let folder = try TestFolder()
    let path = try Digits.convert(into: folder)
    let result = try Command.verify([Digits.weights, path, "--input", Digits.imagesInput, "--json"])
    let report = try result.json(Verification.self)
    #expect(report.layers.map(\.name) == ["fc1", "fc2", "fc3"])
    // The last layer gives the output.
    #expect(report.layers.last?.againstSource == report.outputs[0].againstSource)
    #expect(report.firstBadLayer == report.layers.first { $0.againstSource.snrDb < 10 }?.name)
    #expect(report.outputs[0].divergence > 0)
  }

  private struct Benchmark: Decodable {
    struct Node: Decodable {
      let name: String
      let hasWeight: Bool
      let seconds: Double
      let denseSeconds: Double?
    }
    let denseMedianSeconds: Double
    let nodes: [Node]
  }

  @Test func benchmarkMeasuresEveryNodeAgainstDense() throws {
    let folder = try TestFolder()
    let path = try Digits.convert(into: folder)
    let result = try Command.run([
      path, "--input", Digits.imagesInput, "--bench", "--repeat", "3", "--against", "dense", "--json",
    ])
    let report = try result.json(Benchmark.self)
    #expect(report.denseMedianSeconds > 0)
    #expect(Set(report.nodes.filter(\.hasWeight).map(\.name)) == ["fc1", "fc2", "fc3"])
    for node in report.nodes {
      #expect(node.seconds > 0)
      #expect(try #require(node.denseSeconds) > 0)
    }
  }

  @Test func comparisonWithDenseNeedsABenchmark() throws {
    let result = try Command.run([
      "x.momos", "--input", "a=b.npy", "--output", "y=z.npy", "--against", "dense",
    ])
    #expect(result.exitCode == 64)
    #expect(result.standardError.contains("--against dense needs --bench"))
  }
}
