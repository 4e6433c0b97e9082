import MomosModel
import Testing

@testable import Momos

/// Subgraphs on their way into ONNX.
struct ExportedGraphsTests {
  private func node(_ inputs: [String], _ output: String, subgraphs: [Int] = []) -> Node {
    Node(
      operatorType: "Any", inputs: inputs, outputs: [output],
      attributes: subgraphs.map { NodeAttribute(name: "graph \($0)", value: .graph($0)) })
  }

  private func graph(_ nodes: [Node], inputs: [String] = [], outputs: [String] = []) -> Graph {
    Graph(
      inputs: inputs.map { GraphValue(name: $0) }, outputs: outputs.map { GraphValue(name: $0) }, nodes: nodes
    )
  }

  /// Every graph stands in the one before, `count` times.
  private func nested(_ depth: Int, count: Int = 1) -> [Graph] {
    (1...depth).map { number in
      graph([node([], "y", subgraphs: number == depth ? [] : [Int](repeating: number, count: count))])
    }
  }

  @Test func graphsNestTo32() throws {
    try SubgraphNesting.check(nested(32), in: "m.momos")
    #expect { try SubgraphNesting.check(nested(33), in: "m.momos") } throws: { "\($0)".contains("found 33") }
  }

  @Test func nodesOfRepeatedSubgraphsAreCountedAgain() throws {
    // 2^20 - 1 nodes, then twice as many and one.
    try SubgraphNesting.check(nested(20, count: 2), in: "m.momos")
    #expect { try SubgraphNesting.check(nested(21, count: 2), in: "m.momos") } throws: {
      "\($0)".contains("1,048,576")
    }
    // Counts that no integer holds.
    #expect(throws: MomosError.self) { try SubgraphNesting.check(nested(32, count: 1000), in: "m.momos") }
  }

  @Test func nodesStandBehindWhatTheirSubgraphsTake() {
    let graphs = [
      graph([node([], "y", subgraphs: [1]), node(["x"], "h")], inputs: ["x"], outputs: ["y"]),
      graph([node(["own"], "z", subgraphs: [2])], inputs: ["own"], outputs: ["z"]),
      graph([node(["own", "h"], "deep")], outputs: ["deep"]),
    ]
    #expect(Graph.exported(graphs, [:])[0].nodes.map(\.outputs) == [["h"], ["y"]])
  }

  @Test func otherNamesAreTakenUnlessTheGraphDefinesThem() {
    let graphs = [
      graph([node(["alias"], "y", subgraphs: [1, 2])]),
      graph([node(["alias"], "z")]),
      graph([node(["alias"], "z")], inputs: ["alias"]),
    ]
    let inputs = Graph.exported(graphs, ["alias": "w"]).map { $0.nodes[0].inputs }
    #expect(inputs == [["w"], ["w"], ["alias"]])
  }

  @Test func whatOutputsOfSubgraphsTakeIsTaken() {
    let graphs = [
      graph([node([], "y", subgraphs: [1]), node(["x"], "h")], inputs: ["x"], outputs: ["y"]),
      graph([], outputs: ["h"]),
    ]
    #expect(Graph.exported(graphs, [:])[0].nodes.map(\.outputs) == [["h"], ["y"]])
  }
}
