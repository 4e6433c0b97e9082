import MomosModel
import MomosRuntime
import Testing

/// Rows of a mosaic that Gather looks up, without the others.
struct EmbeddingTests {
  private let alongLast = MatrixView.lastAxisIsInput(rank: 2)

  private func model(_ nodes: [Node], _ elementType: ElementType = .float32) throws -> Model {
    let mosaic = try TestModel.mosaic(view: alongLast, shape: Shape([2, 4]))
    var model = TestModel.make(nodes)
    model.tensors = [
      NamedTensor(
        name: "w",
        content: .mosaic(
          MosaicTensor(elementType: elementType, shape: mosaic.shape, view: mosaic.view, parts: mosaic.parts))
      )
    ]
    return model
  }

  private func indices(_ values: [Int64], _ dimensions: [Int]) throws -> Tensor {
    try Tensor(values, shape: Shape(dimensions))
  }

  @Test(arguments: [ElementType.float32, .float16, .bfloat16, .float64])
  func rowsOfAMosaicAreLookedUp(_ elementType: ElementType) throws {
    let plan = try ExecutionPlan(model: model([TestModel.node("Gather", ["w", "x"])], elementType))
    let expected = try Tensor(
      rounding: [3, 4, 1, 2, 1, 2, 3, 4, 3, 4, 1, 2], to: elementType, shape: Shape([1, 3, 4]))
    #expect(try plan.execute(["x": indices([1, 0, -1], [1, 3])]) == ["y": expected])
  }

  @Test func embeddingThatIsAlsoTheLastLinearIsOneMosaic() throws {
    let model = try model([
      TestModel.node("Gather", ["w", "x"], ["e"]),
      TestModel.node("Gemm", ["e", "w"], ["y"], ["transB": .int(1)]),
    ])
    let roles = TensorRole.roles(in: model.graphs[0]) { name in
      name == "w" ? TensorCatalogEntry(name: "w", rank: 2, leadingSize: 30_000) : nil
    }
    #expect(roles == ["w": .linear(alongLast)])
    // Row 0 is (1, 2, 3, 4), row 1 (3, 4, 1, 2): the products of row 1 with both.
    let expected = try Tensor([22, 30] as [Float], shape: Shape([1, 2]))
    #expect(
      try ExecutionPlan(model: model, precision: .exact).execute(["x": indices([1], [1])]) == ["y": expected])
  }

  // As exporters write a last linear that shares the weights of the embedding.
  @Test func embeddingThatIsMultipliedTransposedIsOneMosaic() throws {
    let model = try model([
      TestModel.node("Gather", ["w", "x"], ["e"]), TestModel.node("Transpose", ["w"], ["t"]),
      TestModel.node("MatMul", ["e", "t"], ["y"]),
    ])
    let roles = TensorRole.roles(in: model.graphs[0]) {
      $0 == "w" ? TensorCatalogEntry(name: "w", rank: 2) : nil
    }
    #expect(roles == ["w": .linear(alongLast)])
    let expected = try Tensor([22, 30] as [Float], shape: Shape([1, 2]))
    let plan = try ExecutionPlan(model: model, precision: .exact)
    #expect(try plan.execute(["x": indices([1], [1])]) == ["y": expected])
  }

  @Test func transposeThatIsReadOtherwiseNeedsTheTensorDense() throws {
    let model = try model([
      TestModel.node("Transpose", ["w"], ["t"]), TestModel.node("MatMul", ["x", "t"], ["p"]),
      TestModel.node("Add", ["p", "t"], ["y"]),
    ])
    let roles = TensorRole.roles(in: model.graphs[0]) {
      $0 == "w" ? TensorCatalogEntry(name: "w", rank: 2) : nil
    }
    #expect(roles == ["w": .dense(reason: "is input 0 of Transpose node \"transpose\"")])
    expectRefused(
      model, .mosaicTakenDense(tensor: "w", node: TestModel.label("Transpose", output: "t")))
  }

  @Test func denseTransposeIsMultipliedAsItIs() throws {
    let weights = try Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: Shape([2, 3]))
    let model = TestModel.make(
      [TestModel.node("Transpose", ["w"], ["t"]), TestModel.node("MatMul", ["x", "t"])],
      tensors: ["w": weights])
    let x = try Tensor([1, 10, 100] as [Float], shape: Shape([1, 3]))
    let expected = try Tensor([321, 654] as [Float], shape: Shape([1, 2]))
    #expect(try ExecutionPlan(model: model).execute(["x": x]) == ["y": expected])
  }

  @Test(arguments: [2, -3])
  func rowOutsideTheTableIsRefused(_ index: Int) throws {
    try expectRefused(
      model([TestModel.node("Gather", ["w", "x"])]), ["x": indices([0, Int64(index)], [2])],
      .indexOutOfRange(TestModel.label("Gather"), index: index, count: 2))
  }

  @Test func mosaicGatheredAlongColumnsIsRefused() throws {
    try expectRefused(
      model([TestModel.node("Gather", ["w", "x"], ["y"], ["axis": .int(1)])]),
      .mosaicTakenDense(tensor: "w", node: TestModel.label("Gather")))
  }

  @Test func mosaicFittedAlongItsRowsIsRefused() throws {
    var model = try model([TestModel.node("Gather", ["w", "x"])])
    let mosaic = try TestModel.mosaic(view: .firstAxisIsInput(rank: 2), shape: Shape([4, 2]))
    model.tensors = [NamedTensor(name: "w", content: .mosaic(mosaic))]
    expectRefused(
      model, .mosaicAxis(tensor: "w", fitted: [0], node: TestModel.label("Gather"), needed: [1]))
  }

  @Test func tableOfFewRowsStaysDense() {
    let graph = TestModel.make([TestModel.node("Gather", ["w", "x"])]).graphs[0]
    let roles = TensorRole.roles(in: graph) { name in
      name == "w" ? TensorCatalogEntry(name: "w", rank: 2, leadingSize: 127) : nil
    }
    #expect(
      roles == ["w": .dense(reason: "is a table of fewer than 128 rows, input 0 of Gather node \"gather\"")])
  }
}
