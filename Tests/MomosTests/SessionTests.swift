import FoundationEssentials
import Momos
import MomosModel
import MomosTestSupport
import Testing

/// Executing a converted file from a program.
struct SessionTests {
  private static let digits = Fixtures.path + "/sources/digits-mlp"

  /// The digits network, converted, and its test images.
  private func makeDigits() throws -> (conversion: TestConversion, images: Tensor) {
    let conversion = try TestConversion([:])
    try conversion.convert {
      $0.sources = [Self.digits + "/weights"]
      $0.graph = Self.digits + "/graph.json"
    }
    let images = try NPYFixture.tensor(
      at: URL(filePath: Self.digits + "/test_images.npy"), elementType: .uint8)
    return (conversion, images)
  }

  @Test func inputsAndOutputsAreThoseOfTheGraph() throws {
    let (conversion, images) = try makeDigits()
    let session = try Session(path: conversion.file)
    #expect(session.inputs.map(\.name) == ["images"])
    #expect(session.outputs.map(\.name) == ["logits"])
    let logits = try #require(try session.run(["images": images])["logits"])
    #expect(logits.elementType == .float32 && logits.shape.dimensions == [540, 10])
  }

  @Test(arguments: [ElementType.float16, .bfloat16, .float32])
  func narrowerInputsAreWidenedExactly(elementType: ElementType) throws {
    let (conversion, images) = try makeDigits()
    let session = try Session(path: conversion.file)
    let expected = try session.run(["images": images])
    // Pixels are 0 to 16, which every type holds.
    let converted = try Tensor(rounding: images.floats(), to: elementType, shape: images.shape)
    #expect(try session.run(["images": converted]) == expected)
  }

  @Test func bfloat16MayBeGivenAsFloat32ThatItHolds() throws {
    let value = GraphValue(name: "x", elementType: .bfloat16)
    let node = Node(operatorType: "Identity", inputs: ["x"], outputs: ["y"])
    let graph = Graph(inputs: [value], outputs: [GraphValue(name: "y")], nodes: [node])
    let sets = [OperatorSet(domain: "", version: 17)]
    let session = try Session(model: Model(graphs: [graph], operatorSets: sets))
    let shape = try Shape([3])
    let given = try Tensor([1.5, -0.0, .infinity] as [Float], shape: shape)
    // Signs, exponents and the first 7 bits of the significands: 3FC0, 8000, 7F80.
    let expected = try Bytes(copying: [0x3FC0, 0x8000, 0x7F80] as [UInt16])
    #expect(
      try session.run(["x": given])["y"] == Tensor(elementType: .bfloat16, shape: shape, bytes: expected))
    // 1 + 2^-8 needs an eighth bit.
    let longer = try Tensor([1, 1.00390625, 1] as [Float], shape: shape)
    #expect(throws: MomosError.self) { try session.run(["x": longer]) }
  }

  @Test func mappedAndCopiedFilesGiveTheSame() throws {
    let (conversion, images) = try makeDigits()
    var options = SessionOptions()
    options.load = .copy
    let copied = try Session(path: conversion.file, options: options).run(["images": images])
    #expect(try Session(path: conversion.file).run(["images": images]) == copied)
  }

  @Test func batchesGiveWhatTheirSamplesGive() throws {
    let (conversion, images) = try makeDigits()
    var options = SessionOptions()
    options.precision = .exact
    let session = try Session(path: conversion.file, options: options)
    let whole = try #require(try session.run(["images": images])["logits"])
    for sample in [0, 1, 539] {
      let image = try Tensor(
        images.floats(in: sample * 64..<(sample + 1) * 64), shape: Shape([1, 64]))
      let logits = try #require(try session.run(["images": image])["logits"])
      let metrics = ErrorMetrics(
        reference: whole.floats(in: sample * 10..<(sample + 1) * 10), measured: logits.floats())
      // Both are within the bound of the class of the same exact value.
      #expect(metrics.relativeError < 2e-5)
    }
  }

  @Test func oneSessionServesSeveralTasksAtOnce() async throws {
    let (conversion, images) = try makeDigits()
    let session = try Session(path: conversion.file)
    let expected = try session.run(["images": images])
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 { group.addTask { try session.run(["images": images]) == expected } }
      for try await isEqual in group { #expect(isEqual) }
    }
  }

  // By hand, x = (1, 10), the matrix too small for a mosaic: W x = (1 + 20, 3 + 40), x W = (1 + 30, 2 + 40).
  @Test(arguments: zip(ConversionOptions.InputAxis.allCases, [[21, 43], [31, 42]] as [[Float]]))
  func denseMatricesKeepTheInputAxisOfTheConversion(
    axis: ConversionOptions.InputAxis, expected: [Float]
  ) throws {
    let matrix = try Tensor([1, 2, 3, 4] as [Float], shape: Shape([2, 2]))
    let conversion = try TestConversion(["w": matrix])
    let report = try conversion.convert { $0.inputAxis = axis }
    #expect(report.tensor("w")?.className == "dense")
    let multiplier = try TensorMultiplier(path: conversion.file, tensor: "w")
    let input = try Tensor([1, 10] as [Float], shape: Shape([2]))
    #expect(try multiplier.multiply(input).output.floats() == expected)
  }

  @Test func vectorsAndBatchesMultiplyAlike() throws {
    let conversion = try TestConversion(["w": try .normal(40, 30)])
    try conversion.convert { $0.fit.motifs = .count(16) }
    let multiplier = try TensorMultiplier(path: conversion.file, tensor: "w")
    #expect(multiplier.rows == 40 && multiplier.columns == 30)
    let batch = try Tensor.normal(1, 30, seed: 5)
    let (matrix, _) = try multiplier.multiply(batch)
    let (vector, _) = try multiplier.multiply(batch.reshaped(to: Shape([30])))
    #expect(matrix.shape.dimensions == [1, 40] && vector.shape.dimensions == [40])
    #expect(matrix.bytes == vector.bytes)
    let (none, products) = try multiplier.multiply(Tensor([Float](), shape: Shape([0, 30])))
    #expect(none.shape.dimensions == [0, 40] && products == 0)
  }
}
