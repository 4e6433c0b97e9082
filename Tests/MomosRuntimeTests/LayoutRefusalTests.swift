import MomosModel
import MomosRuntime
import Testing

/// What operators that arrange, pick and place elements refuse: hostile sizes, axes and indices.
struct LayoutRefusalTests {
  private static let largest = Int64.max

  private func integers(_ values: [Int64]) throws -> Tensor {
    try Tensor(values, shape: Shape(vector: values.count))
  }

  /// A model of one node whose inputs after the first, "x", are these tensors; nil omits one.
  private func model(
    _ name: String, _ operands: [Tensor?] = [], _ attributes: [String: AttributeValue] = [:],
    version: Int = 18,
    outputs: [String] = ["y"]
  ) -> Model {
    let names = operands.indices.map { operands[$0] == nil ? "" : "operand\($0)" }
    var tensors: [String: Tensor] = [:]
    for (name, operand) in zip(names, operands) { tensors[name] = operand }
    return TestModel.make(
      [TestModel.node(name, ["x"] + names, outputs, attributes)], tensors: tensors, outputs: outputs,
      version: version)
  }

  private func label(_ name: String) -> NodeLabel { TestModel.label(name) }

  @Test func stepOfZeroIsRefused() throws {
    let operands = try [integers([0]), integers([1]), integers([0]), integers([0])]
    try expectRefused(
      model("Slice", operands), ["x": TestModel.ramp(3)],
      .inputValue(label("Slice"), position: 4, expected: "steps other than 0", found: "[0]"))
  }

  @Test func axisGivenTwiceIsRefused() throws {
    let shape = try Shape([3, 4])
    try expectRefused(
      model("Slice", [integers([0, 0]), integers([1, 1]), integers([1, -1])]), ["x": TestModel.ramp(3, 4)],
      .shapes(
        label("Slice"), expected: "each axis at most once, not [1, -1]",
        found: [shape, Shape([2]), Shape([2]), Shape([2])]))
  }

  @Test(arguments: [[largest, largest], [-3, -1], [largest, 1], [Int64.min, 0]])
  func padsThatLeaveNoSizeAreRefused(_ pads: [Int64]) throws {
    try expectRefused(
      model("Pad", [integers(pads)]), ["x": TestModel.ramp(3)],
      .inputValue(
        label("Pad"), position: 1, expected: "counts that leave every axis a size, and each axis once",
        found: "\(pads)"))
  }

  @Test func padsBeyondTheLargestTensorAreRefused() throws {
    try expectRefused(
      model("Pad", [integers([1 << 50, 0])]), ["x": TestModel.ramp(3)],
      .model(.elementCountOverflow(dimensions: [1 << 50 + 3]), place: label("Pad").description))
  }

  @Test func reflectionOfNothingIsRefused() throws {
    try expectRefused(
      model("Pad", [integers([1, 0])], ["mode": .string(Array("reflect".utf8))]), ["x": TestModel.ramp(0)],
      .shapes(
        label("Pad"), expected: "elements to take those of the mode reflect from",
        found: [Shape([0]), Shape([2])]))
  }

  @Test(arguments: [largest, -1])
  func tilesBeyondTheLargestTensorAreRefused(_ count: Int64) throws {
    let plan = try ExecutionPlan(model: model("Tile", [integers([count])]))
    #expect(throws: RuntimeError.self) { try plan.execute(["x": TestModel.ramp(3)]) }
  }

  @Test(arguments: [[-1], [1 << 49]] as [[Int64]])
  func shapesWithoutMeaningAreRefused(_ sizes: [Int64]) throws {
    let model = TestModel.make([TestModel.node("ConstantOfShape")])
    let plan = try ExecutionPlan(model: model)
    #expect(throws: RuntimeError.self) { try plan.execute(["x": integers(sizes)]) }
  }

  @Test func partsThatDoNotAddUpAreRefused() throws {
    for sizes in [[1, 1], [-1, 4], [Self.largest, Self.largest]] as [[Int64]] {
      try expectRefused(
        model("Split", [integers(sizes)], outputs: ["y", "z"]), ["x": TestModel.ramp(3)],
        .shapes(
          label("Split"), expected: "2 sizes of parts whose sum is that of axis 0, not \(sizes)",
          found: [Shape([3]), Shape([2])]))
    }
  }

  @Test func unequalPartsAreRefusedBeforeVersion18() throws {
    try expectRefused(
      model("Split", version: 13, outputs: ["y", "z"]), ["x": TestModel.ramp(3)],
      .shapes(label("Split"), expected: "axis 0 to be a multiple of 2", found: [Shape([3])]))
  }

  @Test func squeezedAxisOfAnotherSizeIsRefused() throws {
    try expectRefused(
      model("Squeeze", [integers([-1])]), ["x": TestModel.ramp(1, 3)],
      .shapes(label("Squeeze"), expected: "size 1 along the axes [1]", found: [Shape([1, 3]), Shape([1])]))
  }

  @Test(arguments: [(Float(0), "0.0"), (.nan, "nan"), (1e-30, "1.0000000031710769e-30")])
  func distanceThatLeadsNowhereIsRefused(_ delta: Float, _ found: String) throws {
    let scalar = try Shape([])
    let operands = try [Tensor([1e30] as [Float], shape: scalar), Tensor([delta], shape: scalar)]
    let plan = try ExecutionPlan(model: model("Range", operands))
    let error = #expect(throws: RuntimeError.self) {
      try plan.execute(["x": Tensor([0] as [Float], shape: scalar)])
    }
    let expected = "a distance that leads from 0.0 to 1.0000000150474662e+30"
    #expect(error == .inputValue(label("Range"), position: 2, expected: expected, found: found))
  }

  @Test func trainingIsRefused() throws {
    let scalar = try Shape([])
    let training = Tensor(elementType: .bool, shape: scalar, bytes: try Bytes(copying: [1] as [UInt8]))
    try expectRefused(
      model("Dropout", [Tensor([0.5] as [Float], shape: scalar), training]), ["x": TestModel.ramp(3)],
      .inputValue(
        label("Dropout"), position: 2, expected: "false: training is not supported", found: "true"))
  }

  @Test(arguments: ["Gather", "GatherElements", "GatherND"])
  func indexOutsideItsAxisIsRefused(_ name: String) throws {
    for index in [3, -4, Int.max, Int.min] {
      try expectRefused(
        model(name, [integers([Int64(index)])]), ["x": TestModel.ramp(3)],
        .indexOutOfRange(label(name), index: index, count: 3))
    }
  }

  @Test(arguments: ["ScatterElements", "ScatterND"])
  func placeOutsideItsAxisIsRefused(_ name: String) throws {
    let indices = try Tensor([3] as [Int64], shape: Shape(name == "ScatterND" ? [1, 1] : [1]))
    try expectRefused(
      model(name, [indices, TestModel.ramp(1)]), ["x": TestModel.ramp(3)],
      .indexOutOfRange(label(name), index: 3, count: 3))
  }

  @Test func cacheIsNotWrittenBeyondItsEnd() throws {
    let node = TestModel.node("TensorScatter", ["x", "update", "starts"])
    let tensors = try ["update": TestModel.ramp(1, 2, 1), "starts": integers([2])]
    try expectRefused(
      TestModel.make([node], tensors: tensors, version: 24), ["x": TestModel.ramp(1, 3, 1)],
      .indexOutOfRange(label("TensorScatter"), index: 2, count: 2))
  }

  @Test(arguments: ["ij->k", "ij->ii", "i.j->i", "ij->i,j", "i...j...->i", "i1->i", "ij,jk->ik"])
  func equationWithoutMeaningIsRefused(_ equation: String) {
    expectRefused(
      model("Einsum", [], ["equation": .string(Array(equation.utf8))]),
      .attributeValue(
        label("Einsum"), attribute: "equation", expected: "an equation of 1 operands", found: equation))
  }

  @Test func axisOfTwoSizesIsRefused() throws {
    try expectRefused(
      model("Einsum", [], ["equation": .string(Array("ii->i".utf8))]), ["x": TestModel.ramp(2, 3)],
      .shapes(label("Einsum"), expected: "one size for each axis of the equation", found: [Shape([2, 3])]))
  }

  @Test func headsThatDoNotShareKeysAreRefused() throws {
    let node = TestModel.node("Attention", ["x", "k", "k"])
    let keys = try TestModel.ramp(1, 2, 2, 4)
    try expectRefused(
      TestModel.make([node], tensors: ["k": keys], version: 23), ["x": TestModel.ramp(1, 3, 2, 4)],
      .shapes(
        label("Attention"), expected: "query, key and value of fitting heads, and a past of theirs",
        found: [Shape([1, 3, 2, 4]), keys.shape, keys.shape]))
  }

  @Test func attentionWithoutQueryHeadsIsRefused() throws {
    let node = TestModel.node("Attention", ["x", "k", "k"])
    let keys = try TestModel.ramp(1, 2, 2, 4)
    try expectRefused(
      TestModel.make([node], tensors: ["k": keys], version: 23), ["x": TestModel.ramp(1, 0, 2, 4)],
      .shapes(
        label("Attention"), expected: "query, key and value of fitting heads, and a past of theirs",
        found: [Shape([1, 0, 2, 4]), keys.shape, keys.shape]))
  }

  @Test func attentionAndRotationOfNothingAreNoWork() throws {
    let empty = Tensor(elementType: .float32, shape: try Shape([1 << 40, 1, 1, 0]), bytes: Bytes())
    let attention = TestModel.make([TestModel.node("Attention", ["x", "x", "x"])], version: 23)
    #expect(try ExecutionPlan(model: attention).execute(["x": empty])["y"] == empty)
    let angles = Tensor(elementType: .float32, shape: try Shape([1 << 40, 1, 0]), bytes: Bytes())
    let rotation = TestModel.make(
      [TestModel.node("RotaryEmbedding", ["x", "a", "a"])], tensors: ["a": angles], version: 23)
    #expect(try ExecutionPlan(model: rotation).execute(["x": empty])["y"] == empty)
  }

  // No elements, but axes that nobody can count through.
  @Test(arguments: ["Gather", "GatherElements", "Compress", "Unique"])
  func emptyTensorOfLongAxesIsNoWork(_ name: String) throws {
    let empty = Tensor(elementType: .float32, shape: try Shape([1 << 40, 1, 0]), bytes: Bytes())
    let operands: [Tensor] =
      switch name {
      case "Gather": [try integers([0])]
      case "GatherElements": [Tensor(elementType: .int64, shape: try Shape([1 << 40, 1, 0]), bytes: Bytes())]
      case "Compress":
        [Tensor(elementType: .bool, shape: try Shape([1]), bytes: try Bytes(copying: [1] as [UInt8]))]
      default: []
      }
    let plan = try ExecutionPlan(model: model(name, operands, ["axis": .int(name == "Unique" ? 2 : 1)]))
    let result = try plan.execute(["x": empty])
    #expect(result["y"]?.elementCount == 0)
  }
}
