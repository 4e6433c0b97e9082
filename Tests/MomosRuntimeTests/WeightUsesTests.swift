import MomosModel
import MomosRuntime
import Testing

/// What those who watch an execution see of its weights. All numbers by hand.
struct WeightUsesTests {
  private struct Seen: Equatable {
    /// By the weights that share an input: all rows, one after the other.
    var rows: [[String]: [Float]] = [:]
    var lookups: [String: [Int]] = [:]
  }

  private func observe(
    _ model: Model, _ inputs: [String: Tensor], rowLimit: Int = .max
  ) throws -> Seen {
    let plan = try ExecutionPlan(model: model)
    let uses = plan.weightUses
    var seen = Seen()
    let observer = WeightObserver(rowLimit: rowLimit) { (input, rows) throws(RuntimeError) in
      #expect(
        rows.shape.dimensions == [rows.elementCount / uses.inputs[input].columns, uses.inputs[input].columns])
      seen.rows[uses.inputs[input].tensors, default: []] += rows.floats()
    } lookups: { table, rows in
      seen.lookups[table, default: []] += rows
    }
    let outputs = try plan.execute(inputs, observing: observer)
    #expect(try outputs == plan.execute(inputs))
    return seen
  }

  @Test func leadingAxesOfAProductAreItsRows() throws {
    let model = TestModel.make(
      [TestModel.node("MatMul", ["x", "w"])], tensors: ["w": try TestModel.ramp(2, 3)])
    let seen = try observe(model, ["x": TestModel.ramp(2, 2, 2)])
    #expect(seen == Seen(rows: [["w"]: [0, 1, 2, 3, 4, 5, 6, 7]]))
  }

  @Test(arguments: [ElementType.float16, .bfloat16])
  func narrowInputsAreWidened(_ elementType: ElementType) throws {
    let weights = try Tensor(rounding: [1, 2], to: elementType, shape: Shape([2, 1]))
    let model = TestModel.make([TestModel.node("MatMul", ["x", "w"])], tensors: ["w": weights])
    let x = try Tensor(rounding: [0.5, -3], to: elementType, shape: Shape([2]))
    #expect(try observe(model, ["x": x]) == Seen(rows: [["w"]: [0.5, -3]]))
  }

  @Test func transposedOperandIsTurned() throws {
    let model = TestModel.make(
      [TestModel.node("Gemm", ["x", "w"], ["y"], ["transA": .int(1), "transB": .int(1)])],
      tensors: ["w": try TestModel.ramp(4, 2)])
    let seen = try observe(model, ["x": TestModel.ramp(2, 3)])
    #expect(seen == Seen(rows: [["w"]: [0, 3, 1, 4, 2, 5]]))
  }

  @Test func weightsOfOneValueShareItsRows() throws {
    let nodes = [
      TestModel.node("Relu", ["x"], ["h"]), TestModel.node("MatMul", ["h", "q"], ["a"]),
      TestModel.node("MatMul", ["h", "k"], ["b"]), TestModel.node("Gemm", ["h", "v"], ["c"]),
      TestModel.node("MatMul", ["a", "o"], ["d"]), TestModel.node("Sum", ["b", "c", "d"]),
    ]
    let square = try Tensor([1, 0, 0, 1] as [Float], shape: Shape([2, 2]))
    let model = TestModel.make(nodes, tensors: ["q": square, "k": square, "v": square, "o": square])
    let seen = try observe(model, ["x": Tensor([-1, 2, 3, -4] as [Float], shape: Shape([2, 2]))])
    #expect(seen == Seen(rows: [["q", "k", "v"]: [0, 2, 3, 0], ["o"]: [0, 2, 3, 0]]))
  }

  @Test func joinedNodesAreSeenLikeOthers() throws {
    let nodes = [
      TestModel.node("MatMul", ["x", "w"], ["p"]), TestModel.node("Add", ["p", "b"], ["s"]),
      TestModel.node("Tanh", ["s"]),
    ]
    let model = TestModel.make(
      nodes, tensors: ["w": try TestModel.ramp(2, 2), "b": try Tensor([1, 1] as [Float], shape: Shape([2]))])
    #expect(try observe(model, ["x": TestModel.ramp(1, 2)]) == Seen(rows: [["w"]: [0, 1]]))
  }

  /// The weights of an embedding are also those of the last product, whose operand is their transpose.
  @Test func usesOfTiedWeightsHaveOneName() throws {
    let nodes = [
      TestModel.node("Gather", ["e", "x"], ["h"]), TestModel.node("Transpose", ["alias"], ["t"]),
      TestModel.node("MatMul", ["h", "t"], ["y"]), TestModel.node("MatMul", ["y", "e2"], ["z"]),
    ]
    var model = TestModel.make(
      nodes, tensors: ["e": try TestModel.ramp(3, 3), "e2": try TestModel.ramp(3, 1)], outputs: ["z"])
    model.tensors.append(NamedTensor(name: "alias", content: .alias("e")))
    let plan = try ExecutionPlan(model: model)
    #expect(plan.weightUses.inputs.map(\.tensors) == [["e"], ["e2"]])
    #expect(plan.weightUses.rowCounts == ["e": 3])
    let seen = try observe(model, ["x": Tensor([2, -3, 2] as [Int64], shape: Shape([3]))])
    #expect(seen.lookups == ["e": [2, 0, 2]])
    #expect(seen.rows[["e"]] == [6, 7, 8, 0, 1, 2, 6, 7, 8])
  }

  /// A mosaic's rows are seen as those of a dense table.
  @Test func lookupsInMosaicsAreSeen() throws {
    var model = TestModel.make([TestModel.node("Gather", ["w", "x"])])
    let mosaic = try TestModel.mosaic(view: .lastAxisIsInput(rank: 2), shape: Shape([2, 4]))
    model.tensors = [NamedTensor(name: "w", content: .mosaic(mosaic))]
    let seen = try observe(model, ["x": Tensor([1, 1, 0] as [Int64], shape: Shape([3]))])
    #expect(seen == Seen(lookups: ["w": [1, 1, 0]]))
  }

  /// The image 0...8 in rows of three, windows of two by two: at stride 1 four of them.
  @Test func filtersSeeWindows() throws {
    let model = TestModel.make(
      [TestModel.node("Conv", ["x", "w"])], tensors: ["w": try TestModel.ramp(1, 1, 2, 2)])
    let seen = try observe(model, ["x": TestModel.ramp(1, 1, 3, 3)])
    #expect(seen == Seen(rows: [["w"]: [0, 1, 3, 4, 1, 2, 4, 5, 3, 4, 6, 7, 4, 5, 7, 8]]))
  }

  /// Two images of two groups of one channel, windows of two with a zero in front, every second one.
  @Test func filtersOfGroupsSeeTheirChannels() throws {
    let attributes: [String: AttributeValue] = [
      "group": .int(2), "pads": .ints([1, 0]), "strides": .ints([2]),
    ]
    let model = TestModel.make(
      [TestModel.node("Conv", ["x", "w"], ["c"], attributes), TestModel.node("Relu", ["c"], ["y"])],
      tensors: ["w": try TestModel.ramp(4, 1, 2)])
    let seen = try observe(model, ["x": TestModel.ramp(2, 2, 3)])
    #expect(seen == Seen(rows: [["w"]: [0, 0, 1, 2, 0, 3, 4, 5, 0, 6, 7, 8, 0, 9, 10, 11]]))
  }

  @Test func evenlyChosenRowsKeepTheLimit() throws {
    let model = TestModel.make(
      [TestModel.node("MatMul", ["x", "w"])], tensors: ["w": try TestModel.ramp(1, 1)])
    let seen = try observe(model, ["x": TestModel.ramp(7, 1)], rowLimit: 3)
    #expect(seen == Seen(rows: [["w"]: [0, 3, 6]]))
  }

  /// Six outputs in lines of three: every second or third one would leave columns of the image out.
  @Test func chosenWindowsWanderThroughTheLines() throws {
    let model = TestModel.make(
      [TestModel.node("Conv", ["x", "w"])], tensors: ["w": try TestModel.ramp(1, 1, 1, 1)])
    let x = try TestModel.ramp(1, 1, 2, 3)
    #expect(try observe(model, ["x": x], rowLimit: 3) == Seen(rows: [["w"]: [0, 2, 4]]))
    #expect(try observe(model, ["x": x], rowLimit: 2) == Seen(rows: [["w"]: [0, 4]]))
  }

  @Test func withoutRowsNothingIsSeen() throws {
    let model = TestModel.make(
      [TestModel.node("MatMul", ["x", "w"])], tensors: ["w": try TestModel.ramp(2, 3)])
    #expect(try observe(model, ["x": TestModel.ramp(0, 2)]) == Seen())
  }

  @Test func rowOutsideTheTableIsRefusedAsInAnyExecution() throws {
    let model = TestModel.make(
      [TestModel.node("Gather", ["w", "x"])], tensors: ["w": try TestModel.ramp(2, 2)])
    #expect(throws: RuntimeError.indexOutOfRange(TestModel.label("Gather"), index: 2, count: 2)) {
      try observe(model, ["x": Tensor([2] as [Int64], shape: Shape([1]))])
    }
  }

  @Test func replacedWeightsAreThoseOfThePlan() throws {
    let nodes = [TestModel.node("MatMul", ["x", "w"], ["h"]), TestModel.node("MatMul", ["h", "v"])]
    let (w, v) = (try TestModel.ramp(2, 2), try TestModel.ramp(2, 1))
    let model = TestModel.make(nodes, tensors: ["w": w, "v": v])
    let replaceable = try ReplaceableModel(model)
    let x = try Tensor([1, 10] as [Float], shape: Shape([1, 2]))
    // x w = (20, 31), times v = (0, 1); with w turned (10, 32); with v = (3, 4): 60 + 124.
    #expect(try replaceable.plan.execute(["x": x])["y"]?.floats() == [31])
    let turned = try Tensor([0, 2, 1, 3] as [Float], shape: Shape([2, 2]))
    #expect(try replaceable.plan(replacing: ["w": .dense(turned)]).execute(["x": x])["y"]?.floats() == [32])
    let other = try Tensor([3, 4] as [Float], shape: Shape([2, 1]))
    #expect(try replaceable.plan(replacing: ["v": .dense(other)]).execute(["x": x])["y"]?.floats() == [184])
    #expect(try replaceable.plan.execute(["x": x])["y"]?.floats() == [31])
  }

  @Test func replacementMayBeAMosaic() throws {
    let mosaic = try TestModel.mosaic(view: .lastAxisIsInput(rank: 2), shape: Shape([2, 4]))
    let model = TestModel.make(
      [
        TestModel.node("Gather", ["w", "x"], ["h"]),
        TestModel.node("Gemm", ["h", "w"], ["y"], ["transB": .int(1)]),
      ],
      tensors: ["w": try TestModel.ramp(2, 4)])
    let plan = try ReplaceableModel(model, precision: .exact).plan(replacing: ["w": .mosaic(mosaic)])
    let x = try Tensor([1] as [Int64], shape: Shape([1]))
    // Row 1 is (3, 4, 1, 2), row 0 (1, 2, 3, 4).
    #expect(try plan.execute(["x": x])["y"]?.floats() == [22, 30])
  }
}
