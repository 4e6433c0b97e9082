import MomosModel
import MomosRuntime
import Testing

/// How the plan takes tensors: as weight matrices or dense.
struct WeightPlanningTests {
  private let alongFirst = MatrixView.firstAxisIsInput(rank: 2)
  private let alongLast = MatrixView.lastAxisIsInput(rank: 2)
  private let x: Tensor

  init() throws {
    x = try Tensor([1, 10, 100, 1000] as [Float], shape: Shape([1, 4]))
  }

  private func model(_ node: Node, _ mosaic: MosaicTensor, name: String = "w") -> Model {
    var model = TestModel.make([node])
    model.tensors = [NamedTensor(name: name, content: .mosaic(mosaic))]
    return model
  }

  @Test func mosaicIsMultipliedAlongTheAxisItWasFittedAlong() throws {
    // x W' with W = [[1, 2, 3, 4], [3, 4, 1, 2]].
    let expected = try Tensor([4321, 2143] as [Float], shape: Shape([1, 2]))
    let transposed = try TestModel.mosaic(view: alongFirst, shape: Shape([4, 2]))
    let matMul = try ExecutionPlan(model: model(TestModel.node("MatMul", ["x", "w"]), transposed))
    #expect(try matMul.execute(["x": x]) == ["y": expected])

    let direct = try TestModel.mosaic(view: alongLast, shape: Shape([2, 4]))
    let gemm = TestModel.node("Gemm", ["x", "w"], ["y"], ["transB": .int(1)])
    #expect(try ExecutionPlan(model: model(gemm, direct)).execute(["x": x]) == ["y": expected])
  }

  @Test func mosaicOfDoublesMultipliesDoubles() throws {
    let mosaic = try TestModel.mosaic(view: alongLast, shape: Shape([2, 4]))
    let doubles = MosaicTensor(
      elementType: .float64, shape: mosaic.shape, view: mosaic.view, parts: mosaic.parts)
    let gemm = TestModel.node("Gemm", ["x", "w"], ["y"], ["transB": .int(1)])
    let input = try Tensor(rounding: x.floats(), to: .float64, shape: x.shape)
    let expected = try Tensor(rounding: [4321, 2143], to: .float64, shape: Shape([1, 2]))
    #expect(try ExecutionPlan(model: model(gemm, doubles)).execute(["x": input]) == ["y": expected])
  }

  @Test func mosaicFittedAlongAnotherAxisIsRefused() throws {
    let mosaic = try TestModel.mosaic(view: alongLast, shape: Shape([2, 4]))
    expectRefused(
      model(TestModel.node("MatMul", ["x", "w"]), mosaic),
      .mosaicAxis(tensor: "w", fitted: [1], node: TestModel.label("MatMul"), needed: [0]))
  }

  @Test(arguments: [TestModel.node("Add", ["x", "w"]), TestModel.node("MatMul", ["w", "x"])])
  func mosaicUsedByAnotherOperatorIsRefused(_ node: Node) throws {
    let mosaic = try TestModel.mosaic(view: alongLast, shape: Shape([2, 4]))
    let error = RuntimeError.mosaicTakenDense(tensor: "w", node: TestModel.label(node.operatorType))
    expectRefused(model(node, mosaic), error)
    #expect(error.description.contains("--dense w"))
  }

  @Test func mosaicOfAnotherRankIsRefused() throws {
    let mosaic = try TestModel.mosaic(
      view: MatrixView(permutation: [0, 1, 2], rowAxes: 2), shape: Shape([1, 2, 4]))
    expectRefused(
      model(TestModel.node("MatMul", ["x", "w"]), mosaic),
      .mosaicTakenDense(tensor: "w", node: TestModel.label("MatMul")))
  }

  @Test func mosaicAsGraphOutputIsRefused() throws {
    let mosaic = try TestModel.mosaic(view: alongLast, shape: Shape([2, 4]))
    expectRefused(
      model(TestModel.node("Relu"), mosaic, name: "y2").withOutputs(["y", "y2"]),
      .mosaicTakenAsOutput(tensor: "y2"))
  }

  @Test func aliasesAreMultipliedLikeTheirTarget() throws {
    var model = TestModel.make([
      TestModel.node("MatMul", ["x", "tied"], ["h"]),
      TestModel.node("Gemm", ["h", "w"], ["y"], ["transB": .int(1)]),
    ])
    model.tensors = [
      NamedTensor(name: "tied", content: .alias("w")),
      NamedTensor(name: "w", content: .dense(try TestModel.ramp(2, 2))),
    ]
    let input = try Tensor([1, 1] as [Float], shape: Shape([1, 2]))
    // [1 1] [[0 1] [2 3]] = [2 4]; [2 4] times its transpose = [4 16].
    #expect(
      try ExecutionPlan(model: model).execute(["x": input]) == [
        "y": try Tensor([4, 16] as [Float], shape: Shape([1, 2]))
      ])
  }
}

extension Model {
  fileprivate func withOutputs(_ names: [String]) -> Model {
    var model = self
    model.graphs[0].outputs = names.map { GraphValue(name: $0) }
    return model
  }
}
