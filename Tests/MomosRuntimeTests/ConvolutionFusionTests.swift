import MomosModel
import Testing

@testable import MomosRuntime

/// Convolutions joined with the nodes behind them: filters 1 2 3 4 and 3 4 1 2 over 1 10 100 1000 give 4321 and 2143.
struct ConvolutionFusionTests {
  private let tensors: [String: Tensor]
  private let x: Tensor
  private let normalized = [
    TestModel.node("Conv", ["x", "w"], ["c"]),
    TestModel.node(
      "BatchNormalization", ["c", "scale", "offset", "mean", "variance"], ["n"], ["epsilon": .float(0)]),
  ]

  init() throws {
    func pair(_ first: Float, _ second: Float) throws -> Tensor {
      try Tensor([first, second], shape: Shape(vector: 2))
    }
    tensors = [
      "w": try Tensor([1, 2, 3, 4, 3, 4, 1, 2] as [Float], shape: Shape([2, 1, 2, 2])),
      // (4321 - 21) / 2 * 2 + 1 = 4301 and (2143 - 43) / 1 * -1 + 1 = -2099.
      "scale": try pair(2, -1), "offset": try pair(1, 1), "mean": try pair(21, 43),
      "variance": try pair(4, 1),
      "low": try Tensor([-2000] as [Float], shape: Shape([])),
    ]
    x = try Tensor([1, 10, 100, 1000] as [Float], shape: Shape([1, 1, 2, 2]))
  }

  /// The output "y", and of how many steps the plan is made.
  private func result(
    _ nodes: [Node], residual: Tensor? = nil, outputs: [String] = ["y"]
  ) throws -> (values: [Float], shape: [Int], stepCount: Int) {
    var inputs = [GraphValue(name: "x")]
    var values = ["x": x]
    if let residual {
      inputs.append(GraphValue(name: "r"))
      values["r"] = residual
    }
    let model = TestModel.make(nodes, tensors: tensors, inputs: inputs, outputs: outputs)
    let planner = try ExecutionPlanner(model, graph: 0, precision: .exact)
    let y = try #require(try ExecutionPlan(model: model, precision: .exact).execute(values)["y"])
    return (y.floats(), y.shape.dimensions, planner.steps.count)
  }

  @Test func normalizationResidualAndReluAreOneStep() throws {
    let nodes = normalized + [TestModel.node("Add", ["r", "n"], ["s"]), TestModel.node("Relu", ["s"])]
    let residual = try Tensor([-1, 99] as [Float], shape: Shape([1, 2, 1, 1]))
    let found = try result(nodes, residual: residual)
    #expect(found == ([4300, 0], [1, 2, 1, 1], 1))
  }

  @Test func clipIsJoined() throws {
    let found = try result(normalized + [TestModel.node("Clip", ["n", "low"])])
    #expect(found == ([4301, -2000], [1, 2, 1, 1], 1))
  }

  @Test func residualOfAnotherShapeIsBroadcast() throws {
    let nodes = normalized + [TestModel.node("Add", ["n", "r"], ["s"]), TestModel.node("Relu", ["s"])]
    let found = try result(nodes, residual: try Tensor([0, 3000] as [Float], shape: Shape([2, 1, 1, 1])))
    #expect(found == ([4301, 0, 7301, 901], [2, 2, 1, 1], 1))
  }

  @Test func normalizationBehindReluStaysApart() throws {
    let nodes = [
      TestModel.node("Conv", ["x", "w"], ["c"]), TestModel.node("Relu", ["c"], ["r"]),
      TestModel.node(
        "BatchNormalization", ["r", "scale", "offset", "mean", "variance"], ["y"], ["epsilon": .float(0)]),
    ]
    let found = try result(nodes)
    #expect(found == ([4301, -2099], [1, 2, 1, 1], 2))
  }

  @Test func sumsThatAreReadThemselvesStay() throws {
    let found = try result(normalized + [TestModel.node("Relu", ["n"])], outputs: ["y", "c"])
    #expect(found == ([4301, 0], [1, 2, 1, 1], 3))
  }
}
