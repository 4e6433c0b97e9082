import MomosModel
import MomosRuntime
import Testing

/// What the quantization operators refuse.
struct QuantizationRefusalTests {
  private func quantize(
    scale: Tensor, _ attributes: [String: AttributeValue] = [:], zeroPoint: Tensor? = nil
  ) -> Model {
    var tensors = ["scale": scale]
    if let zeroPoint { tensors["zero"] = zeroPoint }
    let inputs = ["x", "scale"] + (zeroPoint == nil ? [] : ["zero"])
    return TestModel.make(
      [TestModel.node("QuantizeLinear", inputs, ["y"], attributes)], tensors: tensors, version: 25)
  }

  private func bytes(_ values: [UInt8], _ dimensions: [Int]) throws -> Tensor {
    Tensor(elementType: .uint8, shape: try Shape(dimensions), bytes: try Bytes(copying: values))
  }

  @Test func scaleOfAnotherLengthIsRefused() throws {
    try expectRefused(
      quantize(scale: try TestModel.ramp(2)), ["x": try TestModel.ramp(2, 3)],
      .shapes(
        TestModel.label("QuantizeLinear"), expected: "a scale of the shape [3] as input 1",
        found: [try Shape([2])]))
  }

  @Test func blocksOfAnotherCountAreRefused() throws {
    try expectRefused(
      quantize(scale: try TestModel.ramp(2, 3), ["block_size": .int(2)]), ["x": try TestModel.ramp(2, 3)],
      .shapes(
        TestModel.label("QuantizeLinear"), expected: "a scale of the shape [2, 2] as input 1",
        found: [try Shape([2, 3])]))
  }

  @Test func hugeBlocksAreOneBlock() throws {
    let model = quantize(scale: try TestModel.ramp(2, 1), ["block_size": .int(Int.max)])
    let x = try TestModel.ramp(2, 3)
    // The first row has a scale of 0: 0 / 0, then infinities.
    let y = try #require(try ExecutionPlan(model: model).execute(["x": x])["y"])
    #expect(y.bytes.array(of: UInt8.self) == [0, 255, 255, 3, 4, 5])
  }

  @Test func negativeBlocksAreRefused() throws {
    expectRefused(
      quantize(scale: try TestModel.ramp(1), ["block_size": .int(-1)]),
      .attributeValue(
        TestModel.label("QuantizeLinear"), attribute: "block_size",
        expected: "a number that is not negative", found: "-1"))
  }

  @Test(arguments: [1, 6, 17])
  func outputOfAnotherTypeIsRefused(_ type: Int) throws {
    let model = quantize(scale: try TestModel.ramp(1), ["output_dtype": .int(type)])
    #expect(throws: RuntimeError.self) { _ = try ExecutionPlan(model: model) }
  }

  @Test func zeroPointOfAnotherShapeIsRefused() throws {
    try expectRefused(
      quantize(scale: try TestModel.ramp(3), zeroPoint: try bytes([1], [1])), ["x": try TestModel.ramp(2, 3)],
      .shapes(
        TestModel.label("QuantizeLinear"), expected: "a zero point of the scale's shape",
        found: [try Shape([2, 3]), try Shape([3]), try Shape([1])]))
  }

  @Test func axisOutsideTheRankIsRefused() throws {
    try expectRefused(
      quantize(scale: try TestModel.ramp(3), ["axis": .int(-3)]), ["x": try TestModel.ramp(2, 3)],
      .axis(TestModel.label("QuantizeLinear"), axis: -3, rank: 2))
  }

  @Test func integersTimesRealNumbersAreRefused() throws {
    let model = TestModel.make([TestModel.node("MatMulInteger", ["x", "x"])])
    try expectRefused(
      model, ["x": try TestModel.ramp(2, 2)],
      .elementType(TestModel.label("MatMulInteger"), position: 0, expected: [.int8, .uint8], found: .float32))
  }

  @Test(arguments: [[3], [2, 2], [1, 1, 1]])
  func zeroPointsThatAreNotOneForEachRowAreRefused(_ dimensions: [Int]) throws {
    let count = dimensions.reduce(1, *)
    let zero = try bytes([UInt8](repeating: 1, count: count), dimensions)
    let model = TestModel.make(
      [TestModel.node("MatMulInteger", ["x", "x", "zero"])], tensors: ["zero": zero])
    try expectRefused(
      model, ["x": try bytes([1, 2, 3, 4], [2, 2])],
      .shapes(
        TestModel.label("MatMulInteger"), expected: "one element, or one for each row of input 0, as input 2",
        found: [try Shape([2, 2]), try Shape(dimensions)]))
  }

  @Test func integerMatricesThatDoNotFitAreRefused() throws {
    let model = TestModel.make(
      [TestModel.node("MatMulInteger", ["x", "w"])], tensors: ["w": try bytes([1, 2, 3], [3, 1])])
    try expectRefused(
      model, ["x": try bytes([1, 2, 3, 4], [2, 2])],
      .shapes(
        TestModel.label("MatMulInteger"), expected: "the last axis of the first to match the second's rows",
        found: [try Shape([2, 2]), try Shape([3, 1])]))
  }
}
