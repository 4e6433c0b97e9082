import MomosModel
import MomosRuntime
import Testing

/// What the plan refuses in the operators and attributes of single nodes.
struct NodeRefusalTests {
  @Test func unknownOperatorIsRefused() {
    expectRefused(
      TestModel.make([TestModel.node("Frobnicate")]), .unknownOperator(TestModel.label("Frobnicate")))
  }

  @Test func unknownDomainIsRefused() {
    var node = TestModel.node("Relu")
    node.domain = "com.example"
    expectRefused(
      TestModel.make([node]), .unknownDomain("com.example", node: TestModel.label("Relu")))
  }

  @Test func longNameOfTheDefaultDomainIsKnown() throws {
    var node = TestModel.node("Relu")
    node.domain = "ai.onnx"
    let plan = try ExecutionPlan(model: TestModel.make([node]))
    #expect(try plan.execute(["x": try TestModel.ramp(2)])["y"] == TestModel.ramp(2))
  }

  @Test func missingOperatorSetIsRefused() {
    var model = TestModel.make([TestModel.node("Relu")])
    model.operatorSets = [OperatorSet(domain: "com.example", version: 13)]
    expectRefused(model, .missingOperatorSet(domain: "", node: TestModel.label("Relu")))
  }

  @Test(arguments: [-1, 6, 29])
  func operatorSetOutsideTheSupportedVersionsIsRefused(_ version: Int) {
    expectRefused(
      TestModel.make([TestModel.node("Relu")], version: version),
      .unsupportedOperatorSet(domain: "", version: version, supported: 7...28))
  }

  @Test(arguments: [("Gelu", 20), ("LayerNormalization", 17), ("Erf", 9)])
  func operatorOlderThanItsFirstVersionIsRefused(_ name: String, _ first: Int) {
    let node = TestModel.node(name, name == "LayerNormalization" ? ["x", "x"] : ["x"])
    expectRefused(
      TestModel.make([node], version: first - 1),
      .operatorNotInOperatorSet(TestModel.label(name), version: first - 1, firstVersion: first))
  }

  @Test func subgraphIsRefusedByName() {
    let node = TestModel.node("If", ["x"], ["y"], ["then_branch": .graph(1)])
    expectRefused(TestModel.make([node]), .subgraph(TestModel.label("If"), attribute: "then_branch"))
  }

  @Test(arguments: [("Add", ["x"], 2...2), ("Relu", ["x", "x"], 1...1), ("Concat", [], 1...Int.max)])
  func wrongInputCountIsRefused(_ name: String, _ inputs: [String], _ expected: ClosedRange<Int>) {
    expectRefused(
      TestModel.make([TestModel.node(name, inputs, ["y"], ["axis": .int(0)])]),
      .inputCount(TestModel.label(name), expected: expected, found: inputs.count))
  }

  @Test func omittedInputAtTheEndDoesNotCount() {
    expectRefused(
      TestModel.make([TestModel.node("Add", ["x", ""])]),
      .inputCount(TestModel.label("Add"), expected: 2...2, found: 1))
  }

  @Test func gemmBeforeVersion11NeedsItsThirdInput() {
    expectRefused(
      TestModel.make([TestModel.node("Gemm", ["x", "x"])], version: 10),
      .inputCount(TestModel.label("Gemm"), expected: 3...3, found: 2))
  }

  @Test(arguments: [("Add", ["", "x"], 0), ("Concat", ["x", "", "x"], 1)])
  func omittedRequiredInputIsRefused(_ name: String, _ inputs: [String], _ position: Int) {
    expectRefused(
      TestModel.make([TestModel.node(name, inputs, ["y"], ["axis": .int(0)])]),
      .omittedInput(TestModel.label(name), position: position))
  }

  @Test func wrongOutputCountIsRefused() {
    expectRefused(
      TestModel.make([TestModel.node("Relu", ["x"], ["y", "z"])]),
      .outputCount(TestModel.label("Relu"), expected: 1...1, found: 2))
  }

  @Test func unknownAttributeIsRefused() {
    expectRefused(
      TestModel.make([TestModel.node("Relu", ["x"], ["y"], ["alpha": .float(1)])]),
      .unknownAttribute(TestModel.label("Relu"), attribute: "alpha", version: 13))
  }

  @Test(arguments: [("ArgMax", "select_last_index", 11), ("Reshape", "allowzero", 13)])
  func attributeOfALaterVersionIsRefused(_ name: String, _ attribute: String, _ version: Int) throws {
    let node = TestModel.node(name, name == "Reshape" ? ["x", "shape"] : ["x"], ["y"], [attribute: .int(1)])
    let shape = try Tensor([2] as [Int64], shape: Shape(vector: 1))
    expectRefused(
      TestModel.make([node], tensors: ["shape": shape], version: version),
      .unknownAttribute(TestModel.label(name), attribute: attribute, version: version))
  }

  @Test func twoAttributesOfOneNameAreRefused() {
    var node = TestModel.node("Softmax", ["x"], ["y"], ["axis": .int(0)])
    node.attributes.append(node.attributes[0])
    expectRefused(
      TestModel.make([node]), .duplicateAttribute(TestModel.label("Softmax"), attribute: "axis"))
  }

  @Test func missingRequiredAttributeIsRefused() {
    expectRefused(
      TestModel.make([TestModel.node("Concat")]),
      .missingAttribute(TestModel.label("Concat"), attribute: "axis"))
  }

  @Test(arguments: [
    ("Softmax", "axis", AttributeValue.float(1), "int", "float"),
    ("Gemm", "transB", .ints([1]), "int", "ints"),
    ("Gemm", "alpha", .int(1), "float", "int"),
    ("Transpose", "perm", .int(0), "ints", "int"),
    ("Gelu", "approximate", .strings([]), "string", "strings"),
    ("ArgMax", "keepdims", .string([]), "int", "string"),
    ("Concat", "axis", .tensor("x"), "int", "tensor"),
    ("Flatten", "axis", .floats([]), "int", "floats"),
  ])
  func attributeOfAnotherTypeIsRefused(
    _ name: String, _ attribute: String, _ value: AttributeValue, _ expected: String, _ found: String
  ) {
    let node = TestModel.node(name, name == "Gemm" ? ["x", "x"] : ["x"], ["y"], [attribute: value])
    expectRefused(
      TestModel.make([node], version: 20),
      .attributeType(TestModel.label(name), attribute: attribute, expected: expected, found: found))
  }

  @Test(arguments: [
    ("Gemm", "transA", AttributeValue.int(2), "0 or 1", "2"),
    ("Gelu", "approximate", .string(Array("erf".utf8)), "none or tanh", "erf"),
    ("Transpose", "perm", .ints([0, 0]), "every axis once", "[0, 0]"),
    ("Transpose", "perm", .ints([1, 2]), "every axis once", "[1, 2]"),
    ("LayerNormalization", "stash_type", .int(16), "1 (f32)", "16"),
  ])
  func attributeValueWithoutMeaningIsRefused(
    _ name: String, _ attribute: String, _ value: AttributeValue, _ expected: String, _ found: String
  ) {
    let takesTwo = name == "Gemm" || name == "LayerNormalization"
    let node = TestModel.node(name, takesTwo ? ["x", "x"] : ["x"], ["y"], [attribute: value])
    try expectRefused(
      TestModel.make([node], version: 20),
      .attributeValue(TestModel.label(name), attribute: attribute, expected: expected, found: found))
  }

  @Test func shapeOfAnotherTypeIsRefused() throws {
    try expectRefused(
      TestModel.make([TestModel.node("Reshape", ["x", "shape"])], tensors: ["shape": try TestModel.ramp(2)]),
      ["x": try TestModel.ramp(6)],
      .elementType(TestModel.label("Reshape"), position: 1, expected: [.int64], found: .float32))
  }

  @Test(arguments: [([-2, 3], 0), ([-1, -1], 0), ([0, -1], 1)] as [([Int64], Int)])
  func shapeWithoutMeaningIsRefused(_ sizes: [Int64], _ allowsZero: Int) throws {
    let node = TestModel.node("Reshape", ["x", "shape"], ["y"], ["allowzero": .int(allowsZero)])
    let shape = try Tensor(sizes, shape: Shape(vector: sizes.count))
    try expectRefused(
      TestModel.make([node], tensors: ["shape": shape], version: 14), ["x": try TestModel.ramp(6)],
      .inputValue(
        TestModel.label("Reshape"), position: 1,
        expected: "sizes with at most one -1, and that not beside a 0 that means zero", found: "\(sizes)"))
  }

  @Test func nodesNobodyNeedsAreDroppedUnchecked() throws {
    let model = TestModel.make([
      TestModel.node("Frobnicate", ["x"], ["z"]), TestModel.node("Relu"),
      TestModel.node("Tanh", ["y"], ["t"]),
    ])
    let plan = try ExecutionPlan(model: model)
    #expect(try plan.execute(["x": try TestModel.ramp(2)]).keys.sorted() == ["y"])
  }
}
