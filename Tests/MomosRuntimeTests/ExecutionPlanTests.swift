import MomosKernels
import MomosModel
import Testing

@testable import MomosRuntime

struct ExecutionPlanTests {
  private func order(_ nodes: [Node], outputs: [String]) throws -> [String] {
    try GraphStructure(TestModel.make(nodes, outputs: outputs).graphs[0]).executionOrder().map(\.operatorType)
  }

  @Test func sortedNodesKeepTheirOrder() throws {
    let nodes = [
      TestModel.node("Tanh", ["x"], ["b"]), TestModel.node("Relu", ["x"], ["a"]),
      TestModel.node("Add", ["a", "b"]),
    ]
    #expect(try order(nodes, outputs: ["y"]) == ["Tanh", "Relu", "Add"])
  }

  @Test func firstReadyNodeOfTheFileGoesFirst() throws {
    let nodes = [
      TestModel.node("Add", ["a", "a"], ["y"]), TestModel.node("Sub", ["b", "a"], ["s"]),
      TestModel.node("Tanh", ["x"], ["b"]), TestModel.node("Relu", ["x"], ["a"]),
      TestModel.node("Erf", ["x"], ["e"]),
    ]
    #expect(try order(nodes, outputs: ["y", "s", "e"]) == ["Tanh", "Relu", "Add", "Sub", "Erf"])
  }

  @Test func nodesNobodyNeedsAreLeftOut() throws {
    let nodes = [
      TestModel.node("Relu", ["x"], ["y"]), TestModel.node("Tanh", ["y"], ["t"]),
      TestModel.node("Erf", ["t"], ["e"]),
    ]
    #expect(try order(nodes, outputs: ["y"]) == ["Relu"])
    #expect(try order(nodes, outputs: ["e"]) == ["Relu", "Tanh", "Erf"])
    #expect(try order(nodes, outputs: []) == [])
  }

  @Test func longChainInReverseIsSorted() throws {
    let nodes = (0..<2_000).reversed().map { TestModel.node("Relu", ["v\($0)"], ["v\($0 + 1)"]) }
    let graph = TestModel.make(nodes, inputs: [GraphValue(name: "v0")], outputs: ["v2000"]).graphs[0]
    #expect(try GraphStructure(graph).executionOrder().map { $0.inputs[0] } == (0..<2_000).map { "v\($0)" })
  }

  @Test func valuesGoAfterTheirLastReader() throws {
    let model = TestModel.make(
      [
        TestModel.node("Relu", ["x"], ["a"]), TestModel.node("Tanh", ["a"], ["b"]),
        TestModel.node("Add", ["a", "w"], ["c"]), TestModel.node("Sub", ["b", "c"], ["d"]),
      ], tensors: ["w": try TestModel.ramp(1)], outputs: ["d", "b"])
    let planner = try ExecutionPlanner(model, graph: 0, precision: .exact)
    // Of each step the values its inputs hold: x, a, (w), b, c; b is an output and w a tensor.
    let inputs = planner.steps.map { step in
      step.inputs.compactMap { if case .slot(let slot) = $0 { slot } else { nil } }
    }
    #expect(planner.steps[0].released == [inputs[0][0]])
    #expect(planner.steps[1].released == [])
    #expect(planner.steps[2].released == [inputs[2][0]])
    #expect(planner.steps[3].released == [inputs[3][1]])
  }

  @Test(arguments: ["Graph/mlp", "Graph/residual_with_inputs_as_outputs", "MatMul/stacks"])
  func resultsDoNotDependOnTheThreadCount(_ name: String) throws {
    let fixture = try OperatorFixture(name)
    let one = try ExecutionPlan(model: fixture.model).execute(fixture.inputs)
    for threadCount in [2, 3, 8] {
      let pool = ThreadPool(threadCount: threadCount)
      #expect(try ExecutionPlan(model: fixture.model, pool: pool).execute(fixture.inputs) == one)
    }
  }

  @Test func planExecutesOnSeveralThreadsAtOnce() async throws {
    let fixture = try OperatorFixture("Graph/mlp")
    let plan = try ExecutionPlan(model: fixture.model, pool: ThreadPool(threadCount: 2))
    let expected = try plan.execute(fixture.inputs)
    let inputs = fixture.inputs
    try await withThrowingTaskGroup(of: [String: Tensor].self) { group in
      for _ in 0..<8 { group.addTask { try plan.execute(inputs) } }
      for try await outputs in group { #expect(outputs == expected) }
    }
  }

  @Test func unnamedNodesAreNamedAfterTheirFirstOutput() {
    let node = Node(operatorType: "Relu", inputs: ["x"], outputs: ["", "y"])
    #expect(NodeLabel(node).description == "Relu node of \"y\"")
  }
}
