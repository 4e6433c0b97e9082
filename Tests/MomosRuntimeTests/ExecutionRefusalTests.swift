import MomosModel
import MomosRuntime
import Testing

/// What an execution refuses before the first operator runs, and the little it refuses later.
struct ExecutionRefusalTests {
  private let add = TestModel.make(
    [TestModel.node("Add", ["a", "b"])],
    inputs: [
      GraphValue(name: "a", elementType: .float32, dimensions: [.symbol("batch"), .size(2), .unknown]),
      GraphValue(name: "b", elementType: .float32, dimensions: [.symbol("batch"), .size(2), .unknown]),
    ])

  @Test func missingInputIsRefused() throws {
    try expectRefused(add, ["a": try TestModel.ramp(1, 2, 3)], .missingInput("b"))
  }

  @Test func extraInputIsRefused() throws {
    let tensor = try TestModel.ramp(1, 2, 3)
    try expectRefused(
      add, ["a": tensor, "b": tensor, "z": tensor, "c": tensor],
      .unexpectedInput("c", expected: ["a", "b"]))
  }

  @Test func inputOfAnotherElementTypeIsRefused() throws {
    let integers = try Tensor([1, 2] as [Int64], shape: Shape([1, 2, 1]))
    try expectRefused(
      add, ["a": integers, "b": integers],
      .inputElementType("a", expected: .float32, found: .int64))
  }

  @Test(arguments: [[1, 3, 1], [1, 2], [1, 2, 1, 1]])
  func inputOfAnotherShapeIsRefused(_ dimensions: [Int]) throws {
    let shape = try Shape(dimensions)
    let tensor = try Tensor([Float](repeating: 0, count: shape.elementCount), shape: shape)
    try expectRefused(
      add, ["a": tensor, "b": tensor],
      .inputShape("a", expected: [.symbol("batch"), .size(2), .unknown], found: dimensions))
  }

  @Test func symbolWithTwoSizesIsRefused() throws {
    try expectRefused(
      add, ["a": try TestModel.ramp(1, 2, 3), "b": try TestModel.ramp(4, 2, 3)],
      .symbolMismatch("batch", input: "b", expected: 1, found: 4))
  }

  @Test func contradictionIsFoundBeforeTheFirstOperatorRuns() throws {
    // The division by zero would come first.
    let model = TestModel.make(
      [TestModel.node("Div", ["x", "zero"], ["q"]), TestModel.node("Add", ["q", "pair"])],
      tensors: [
        "zero": try Tensor([0] as [Int64], shape: Shape([])),
        "pair": try Tensor([1, 2] as [Int64], shape: Shape([2])),
      ])
    let x = try Tensor([1, 2, 3] as [Int64], shape: Shape([3]))
    try expectRefused(
      model, ["x": x],
      .shapes(
        TestModel.label("Add"), expected: "shapes that broadcast to a common one",
        found: [try Shape([3]), try Shape([2])]))
    let fitting = try Tensor([1, 2] as [Int64], shape: Shape([2]))
    try expectRefused(model, ["x": fitting], .integerDivisionByZero(TestModel.label("Div", output: "q")))
  }

  @Test func divisionOfNothingByZeroIsNoError() throws {
    let model = TestModel.make(
      [TestModel.node("Div", ["x", "zero"])],
      tensors: ["zero": try Tensor([0] as [Int64], shape: Shape([]))])
    let nothing = try Tensor([] as [Int64], shape: Shape([0]))
    #expect(try ExecutionPlan(model: model).execute(["x": nothing]) == ["y": nothing])
  }

  @Test func contradictionOfFixedInputsIsRefusedByThePlan() throws {
    let input = GraphValue(name: "x", elementType: .float32, dimensions: [.size(2), .size(3)])
    let model = TestModel.make([TestModel.node("MatMul", ["x", "x"])], inputs: [input])
    let shape = try Shape([2, 3])
    expectRefused(
      model,
      .shapes(
        TestModel.label("MatMul"), expected: "the last axis of the first to match the second's rows",
        found: [shape, shape]))
  }

  @Test(arguments: ["Relu", "Sigmoid", "Softmax", "MatMul", "Gemm"])
  func elementTypeTheOperatorDoesNotTakeIsRefused(_ name: String) throws {
    let node = TestModel.node(name, name.hasPrefix("M") || name.hasPrefix("G") ? ["x", "x"] : ["x"])
    let bools = Tensor(
      elementType: .bool, shape: try Shape([1, 1]), bytes: try Bytes(copying: [1] as [UInt8]))
    let integers: [ElementType] =
      switch name {
      case "Relu": [.int8, .int16, .int32, .int64]
      case "MatMul", "Gemm": [.int32, .int64, .uint32, .uint64]
      default: []
      }
    try expectRefused(
      TestModel.make([node]), ["x": bools],
      .elementType(
        TestModel.label(name), position: 0, expected: [.float32, .float64, .float16, .bfloat16] + integers,
        found: .bool))
  }

  @Test func operandsOfDifferentTypesAreRefused() throws {
    let model = TestModel.make(
      [TestModel.node("Add", ["x", "one"])], tensors: ["one": try Tensor([1] as [Int64], shape: Shape([]))])
    try expectRefused(
      model, ["x": try TestModel.ramp(2)],
      .elementTypesDiffer(TestModel.label("Add"), [.float32, .int64]))
  }

  @Test(arguments: [
    ("Softmax", 2), ("Softmax", -3), ("ArgMax", 2), ("Concat", -3), ("Flatten", 3), ("Flatten", -3),
  ])
  func axisOutsideTheRankIsRefused(_ name: String, _ axis: Int) throws {
    let model = TestModel.make([TestModel.node(name, ["x"], ["y"], ["axis": .int(axis)])])
    try expectRefused(
      model, ["x": try TestModel.ramp(2, 2)], .axis(TestModel.label(name), axis: axis, rank: 2))
  }

  @Test(arguments: ["Flatten", "Concat"])
  func axisFromTheEndIsRefusedBeforeVersion11(_ name: String) throws {
    let model = TestModel.make([TestModel.node(name, ["x"], ["y"], ["axis": .int(-1)])], version: 10)
    try expectRefused(
      model, ["x": try TestModel.ramp(2, 2)], .axis(TestModel.label(name), axis: -1, rank: 2))
  }

  @Test func declaredOutputTypeMustBeTheProducedOne() throws {
    var model = TestModel.make([TestModel.node("Relu")])
    model.graphs[0].outputs[0].elementType = .int64
    try expectRefused(
      model, ["x": try TestModel.ramp(2)],
      .outputElementType("y", expected: .int64, found: .float32))
  }

  @Test func largestOfNothingIsRefused() throws {
    let nothing = try Tensor([] as [Float], shape: Shape([0, 2]))
    try expectRefused(
      TestModel.make([TestModel.node("ArgMax")]), ["x": nothing],
      .shapes(
        TestModel.label("ArgMax"), expected: "at least one element along axis 0", found: [nothing.shape]))
  }

  @Test func resultAboveTheElementLimitIsRefused() throws {
    let long = Tensor(elementType: .uint8, shape: try Shape([0, 1 << 40, 1]), bytes: Bytes())
    let wide = Tensor(elementType: .uint8, shape: try Shape([0, 1, 1 << 40]), bytes: Bytes())
    let model = TestModel.make(
      [TestModel.node("Add", ["a", "b"])], inputs: [GraphValue(name: "a"), GraphValue(name: "b")])
    try expectRefused(
      model, ["a": long, "b": wide],
      .model(.elementCountOverflow(dimensions: [0, 1 << 40, 1 << 40]), place: "Add node \"add\""))
  }

  @Test(arguments: [[4], [3, -1], [2, 0], [-1, 0]] as [[Int64]])
  func reshapeToAnotherElementCountIsRefused(_ sizes: [Int64]) throws {
    let shape = try Tensor(sizes, shape: Shape(vector: sizes.count))
    try expectRefused(
      TestModel.make([TestModel.node("Reshape", ["x", "shape"])], tensors: ["shape": shape]),
      ["x": try TestModel.ramp(5)],
      .shapes(
        TestModel.label("Reshape"), expected: "as many elements as \(sizes)", found: [try Shape([5])]))
  }

  @Test(arguments: [("transA", 4), ("transB", 3)])
  func gemmOfMatricesThatDoNotFitIsRefused(_ attribute: String, _ rows: Int) throws {
    let model = TestModel.make(
      [TestModel.node("Gemm", ["x", "w"], ["y"], [attribute: .int(1)])],
      tensors: ["w": try TestModel.ramp(rows, 2)])
    let found = [try Shape([3, 4]), try Shape([rows, 2])]
    try expectRefused(
      model, ["x": try TestModel.ramp(3, 4)],
      .shapes(TestModel.label("Gemm"), expected: "two matrices with equal inner dimensions", found: found))
  }

  @Test func biasWiderThanTheResultIsRefused() throws {
    let model = TestModel.make(
      [TestModel.node("Gemm", ["x", "w", "b"])],
      tensors: ["w": try TestModel.ramp(2, 1), "b": try TestModel.ramp(3)])
    try expectRefused(
      model, ["x": try TestModel.ramp(1, 2)],
      .shapes(
        TestModel.label("Gemm"), expected: "the third to broadcast to [1, 1]",
        found: [try Shape([1, 2]), try Shape([2, 1]), try Shape([3])]))
  }

  @Test func inputsThatDifferBesideTheConcatAxisAreRefused() throws {
    let model = TestModel.make(
      [TestModel.node("Concat", ["x", "w"], ["y"], ["axis": .int(1)])],
      tensors: ["w": try TestModel.ramp(3, 1)])
    try expectRefused(
      model, ["x": try TestModel.ramp(2, 1)],
      .shapes(
        TestModel.label("Concat"), expected: "equal sizes but along axis 1",
        found: [try Shape([2, 1]), try Shape([3, 1])]))
  }

  @Test func permutationOfAnotherRankIsRefused() throws {
    let model = TestModel.make([TestModel.node("Transpose", ["x"], ["y"], ["perm": .ints([1, 0])])])
    try expectRefused(
      model, ["x": try TestModel.ramp(2)],
      .shapes(TestModel.label("Transpose"), expected: "rank 2, as perm has", found: [try Shape([2])]))
  }

  @Test func scaleOfAnotherWidthIsRefused() throws {
    let model = TestModel.make(
      [TestModel.node("LayerNormalization", ["x", "s"])], tensors: ["s": try TestModel.ramp(3)], version: 17)
    try expectRefused(
      model, ["x": try TestModel.ramp(2, 4)],
      .shapes(
        TestModel.label("LayerNormalization"), expected: "scale and bias to broadcast to [4]",
        found: [try Shape([2, 4]), try Shape([3])]))
  }
}
