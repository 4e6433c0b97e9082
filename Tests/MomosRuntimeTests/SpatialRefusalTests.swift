import MomosModel
import MomosRuntime
import Testing

/// What operators on images, sequences and signals refuse.
struct SpatialRefusalTests {
  @Test(arguments: [
    ("strides", AttributeValue.ints([0, 1]), "numbers from 1 to 2147483647", "[0, 1]"),
    ("strides", .ints([1 << 40, 1]), "numbers from 1 to 2147483647", "[1099511627776, 1]"),
    ("pads", .ints([0, 0, -1, 0]), "numbers from 0 to 2147483647", "[0, 0, -1, 0]"),
    ("group", .int(0), "1 or more", "0"),
    (
      "auto_pad", .string(Array("SAME".utf8)), "NOTSET or SAME_UPPER or SAME_LOWER or VALID", "SAME"
    ),
  ])
  func windowWithoutMeaningIsRefused(
    _ attribute: String, _ value: AttributeValue, _ expected: String, _ found: String
  ) throws {
    let node = TestModel.node("Conv", ["x", "w"], ["y"], [attribute: value])
    expectRefused(
      TestModel.make([node], tensors: ["w": try TestModel.ramp(1, 1, 2, 2)]),
      .attributeValue(TestModel.label("Conv"), attribute: attribute, expected: expected, found: found))
  }

  @Test(arguments: [("pads", [1, 1], 4), ("dilations", [1], 2), ("strides", [1, 1, 1], 2)])
  func windowOfAnotherRankIsRefused(_ attribute: String, _ value: [Int], _ count: Int) throws {
    let node = TestModel.node("Conv", ["x", "w"], ["y"], [attribute: .ints(value)])
    try expectRefused(
      TestModel.make([node], tensors: ["w": try TestModel.ramp(1, 1, 2, 2)]),
      ["x": try TestModel.ramp(1, 1, 4, 4)],
      .attributeValue(
        TestModel.label("Conv"), attribute: attribute, expected: "\(count) numbers", found: "\(value)"))
  }

  /// Sizes that are allowed one by one, and together reach far beyond every input.
  @Test(arguments: ["Conv", "MaxPool", "AveragePool", "LpPool"])
  func windowLargerThanTheInputIsRefused(_ name: String) throws {
    var attributes: [String: AttributeValue] = ["dilations": .ints([Int(Int32.max), 1])]
    if name != "Conv" { attributes["kernel_shape"] = .ints([2, 2]) }
    let node = TestModel.node(name, name == "Conv" ? ["x", "w"] : ["x"], ["y"], attributes)
    let model = TestModel.make(
      [node], tensors: ["w": try TestModel.ramp(1, 1, 2, 2)], version: 19)
    let x = try TestModel.ramp(1, 1, 4, 4)
    let error = #expect(throws: RuntimeError.self) { try ExecutionPlan(model: model).execute(["x": x]) }
    #expect(error?.description.contains("at least 2147483648 padded positions along axis 2") == true)
  }

  @Test(arguments: [[2, 3, 1, 1], [3, 2, 2, 2]])
  func filtersThatTheGroupsDoNotDivideAreRefused(_ filters: [Int]) throws {
    let node = TestModel.node("Conv", ["x", "w"], ["y"], ["group": .int(2)])
    let shape = try Shape(filters)
    let w = try Tensor([Float](repeating: 1, count: shape.elementCount), shape: shape)
    let error = #expect(throws: RuntimeError.self) {
      try ExecutionPlan(model: TestModel.make([node], tensors: ["w": w])).execute([
        "x": try TestModel.ramp(1, 4, 3, 3)
      ])
    }
    #expect(error?.description.contains("multiples of 2") == true)
  }

  @Test func batchNormalizationInTrainingModeIsRefused() {
    let node = TestModel.node(
      "BatchNormalization", ["x", "x", "x", "x", "x"], ["y"], ["training_mode": .int(1)])
    expectRefused(
      TestModel.make([node], version: 15),
      .attributeValue(
        TestModel.label("BatchNormalization"), attribute: "training_mode", expected: "0", found: "1"))
  }

  @Test func missingKernelOfPoolingIsRefused() {
    expectRefused(
      TestModel.make([TestModel.node("MaxPool")]),
      .missingAttribute(TestModel.label("MaxPool"), attribute: "kernel_shape"))
  }

  @Test(arguments: [16, -1])
  func placeOutsideTheUnpooledTensorIsRefused(_ place: Int) throws {
    let node = TestModel.node(
      "MaxUnpool", ["x", "places"], ["y"], ["kernel_shape": .ints([4, 4]), "strides": .ints([4, 4])])
    let places = try Tensor([Int64(place)], shape: Shape([1, 1, 1, 1]))
    try expectRefused(
      TestModel.make([node], tensors: ["places": places]), ["x": try TestModel.ramp(1, 1, 1, 1)],
      .indexOutOfRange(TestModel.label("MaxUnpool"), index: place, count: 16))
  }

  @Test func imageOfARegionOutsideTheBatchIsRefused() throws {
    let node = TestModel.node("RoiAlign", ["x", "regions", "images"])
    let tensors = [
      "regions": try TestModel.ramp(1, 4), "images": try Tensor([1] as [Int64], shape: Shape(vector: 1)),
    ]
    try expectRefused(
      TestModel.make([node], tensors: tensors), ["x": try TestModel.ramp(1, 1, 2, 2)],
      .indexOutOfRange(TestModel.label("RoiAlign"), index: 1, count: 1))
  }

  @Test(arguments: [0, -1, .infinity, .nan] as [Float])
  func factorThatMakesNoSizeIsRefused(_ factor: Float) throws {
    let node = TestModel.node("Resize", ["x", "", "factors"])
    let factors = try Tensor([factor], shape: Shape(vector: 1))
    try expectRefused(
      TestModel.make([node], tensors: ["factors": factors]), ["x": try TestModel.ramp(3)],
      .inputValue(
        TestModel.label("Resize"), position: 2, expected: "factors above 0 and sizes below 2^48",
        found: "[\(factor)]"))
  }

  @Test func sequenceLongerThanTheStepsIsRefused() throws {
    let node = TestModel.node("RNN", ["x", "w", "r", "", "lengths"])
    let tensors = [
      "w": try TestModel.ramp(1, 1, 1), "r": try TestModel.ramp(1, 1, 1),
      "lengths": Tensor(
        elementType: .int32, shape: Shape(vector: 1), bytes: try Bytes(copying: [3] as [Int32])),
    ]
    try expectRefused(
      TestModel.make([node], tensors: tensors), ["x": try TestModel.ramp(2, 1, 1)],
      .inputValue(
        TestModel.label("RNN"), position: 4, expected: "lengths from 0 to 2", found: "[3]"))
  }

  @Test func unknownRecurrentActivationIsRefused() {
    let node = TestModel.node(
      "RNN", ["x", "x", "x"], ["y"], ["activations": .strings([Array("Sine".utf8)])])
    expectRefused(
      TestModel.make([node]),
      .attributeValue(
        TestModel.label("RNN"), attribute: "activations", expected: "names of activation functions",
        found: "Sine"))
  }

  @Test func classOutsideTheScoresIsRefused() throws {
    let node = TestModel.node("NegativeLogLikelihoodLoss", ["x", "classes"])
    let classes = try Tensor([2] as [Int64], shape: Shape(vector: 1))
    try expectRefused(
      TestModel.make([node], tensors: ["classes": classes]), ["x": try TestModel.ramp(1, 2)],
      .indexOutOfRange(TestModel.label("NegativeLogLikelihoodLoss"), index: 2, count: 2))
  }

  @Test func frameLongerThanTheSignalIsRefused() throws {
    let node = TestModel.node("STFT", ["x", "step", "", "length"])
    let tensors = [
      "step": try Tensor([1] as [Int64], shape: Shape([])),
      "length": try Tensor([5] as [Int64], shape: Shape([])),
    ]
    let error = #expect(throws: RuntimeError.self) {
      try ExecutionPlan(model: TestModel.make([node], tensors: tensors, version: 17)).execute([
        "x": try TestModel.ramp(1, 4, 1)
      ])
    }
    #expect(error?.description.contains("frames of 1 to 4 elements") == true)
  }
}
