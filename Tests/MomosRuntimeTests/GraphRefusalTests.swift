import MomosModel
import MomosRuntime
import Testing

/// What the plan refuses in the names and the order of a graph.
struct GraphRefusalTests {
  private let relu = TestModel.node("Relu")

  @Test func graphNumberOutsideTheModelIsRefused() {
    #expect(throws: RuntimeError.graphNotFound(number: 1, graphCount: 1)) {
      _ = try ExecutionPlan(model: TestModel.make([relu]), graph: 1)
    }
    expectRefused(Model(), .graphNotFound(number: 0, graphCount: 0))
  }

  @Test func twoTensorsOfOneNameAreRefused() throws {
    var model = TestModel.make([relu], tensors: ["w": try TestModel.ramp(2)])
    model.tensors.append(model.tensors[0])
    expectRefused(model, .duplicateTensor("w"))
  }

  @Test(arguments: ["missing", "w", "v"])
  func aliasOfNoTensorWithWeightsIsRefused(_ target: String) throws {
    var model = TestModel.make([relu], tensors: ["u": try TestModel.ramp(2)])
    model.tensors.append(NamedTensor(name: "v", content: .alias("u")))
    model.tensors.append(NamedTensor(name: "w", content: .alias(target)))
    expectRefused(model, .invalidAlias(tensor: "w", target: target))
  }

  @Test func twoGraphInputsOfOneNameAreRefused() {
    let inputs = [GraphValue(name: "x"), GraphValue(name: "x")]
    expectRefused(TestModel.make([relu], inputs: inputs), .duplicateGraphInput("x"))
  }

  @Test func twoGraphOutputsOfOneNameAreRefused() {
    expectRefused(TestModel.make([relu], outputs: ["y", "y"]), .duplicateGraphOutput("y"))
  }

  @Test func twoProducersOfAValueAreRefused() {
    let model = TestModel.make([relu, TestModel.node("Tanh")])
    expectRefused(model, .duplicateValue("y", node: TestModel.label("Tanh")))
  }

  @Test func producerOfAGraphInputIsRefused() {
    let model = TestModel.make([relu, TestModel.node("Tanh", ["y"], ["x"])])
    expectRefused(model, .duplicateValue("x", node: TestModel.label("Tanh", output: "x")))
  }

  @Test func oneNodeProducingAValueTwiceIsRefused() {
    let node = TestModel.node("LayerNormalization", ["x", "x"], ["y", "y"])
    expectRefused(TestModel.make([node]), .duplicateValue("y", node: TestModel.label("LayerNormalization")))
  }

  @Test(arguments: ["x", "y"])
  func valueShadowingATensorIsRefused(_ name: String) throws {
    let model = TestModel.make([relu], tensors: [name: try TestModel.ramp(2)])
    expectRefused(model, .valueShadowsTensor(name))
  }

  @Test func undefinedNodeInputIsRefused() {
    let model = TestModel.make([TestModel.node("Relu", ["z"])])
    expectRefused(model, .undefinedNodeInput("z", node: TestModel.label("Relu")))
  }

  @Test func graphOutputWithoutProducerIsRefused() {
    expectRefused(TestModel.make([relu], outputs: ["y", "z"]), .undefinedGraphOutput("z"))
  }

  @Test func cycleIsRefused() {
    let model = TestModel.make([
      TestModel.node("Sigmoid", ["b"], ["y"]),
      TestModel.node("Add", ["x", "b"], ["a"]),
      TestModel.node("Tanh", ["a"], ["b"]),
    ])
    expectRefused(model, .cycle(through: TestModel.label("Tanh", output: "b")))
  }

  @Test func nodeReadingItsOwnOutputIsRefused() {
    expectRefused(
      TestModel.make([TestModel.node("Relu", ["y"])]), .cycle(through: TestModel.label("Relu")))
  }

  @Test func graphWithoutNodesGivesItsInputsAndTensors() throws {
    let tensor = try TestModel.ramp(2)
    let plan = try ExecutionPlan(model: TestModel.make([], tensors: ["w": tensor], outputs: ["x", "w"]))
    let input = try TestModel.ramp(3)
    #expect(try plan.execute(["x": input]) == ["x": input, "w": tensor])
  }
}
