import Momos
import MomosModel
import Testing

/// Tensors of few distinct blocks are stored without loss.
struct ExactStorageTests {
  @Test(arguments: [ElementType.float16, .bfloat16, .float32, .float64])
  func fewDistinctBlocksSurviveBitForBit(elementType: ElementType) throws {
    let tensor = try Tensor.repeatingBlocks(rows: 64, blocksPerRow: 32, elementType: elementType)
    #expect(tensor.floats().contains { $0 == 0 && $0.sign == .minus })
    let conversion = try TestConversion(["w": tensor])
    let report = try conversion.convert()
    #expect(report.tensor("w")?.className == "exact s4k8")
    #expect(report.tensor("w")?.relativeError == 0)
    #expect(try conversion.dense("w") == tensor)
    #expect(report.fileByteCount < tensor.bytes.count)
    #expect(try conversion.verify().hasPassed)
  }

  @Test func executionOfExactTensorsIsInItsPrecisionClass() throws {
    let tensor = try Tensor.repeatingBlocks(rows: 200, blocksPerRow: 50, elementType: .float64)
    let conversion = try TestConversion(["w": tensor])
    try conversion.convert()
    let report = try conversion.verify { $0.session.precision = .exact }
    let error = try #require(report.tensors.first?.executedAgainstReconstructed?.relativeError)
    #expect(report.hasPassed && error < 1e-5)
  }

  @Test func tensorsOfOneElementTypeShareAnExactDictionary() throws {
    let conversion = try TestConversion([
      "a": try .repeatingBlocks(rows: 64, blocksPerRow: 16),
      "b": try .repeatingBlocks(rows: 32, blocksPerRow: 8),
      "half": try .repeatingBlocks(rows: 64, blocksPerRow: 16, elementType: .float16),
    ])
    try conversion.convert()
    #expect(try conversion.inspect().dictionaries.map(\.elementType).sorted() == ["f16", "f32"])
    try conversion.convert { $0.fit.dictionaryScope = .tensor }
    #expect(try conversion.inspect().dictionaries.map(\.elementType).sorted() == ["f16", "f32", "f32"])
  }

  @Test func shortLastBlocksAreExactToo() throws {
    // 7 columns: one whole block and three weights.
    let rows: [Float] = [1, 2, 3, 4, 5, 6, 7, -1, -2, -3, -4, 0, -0.0, 0]
    let values = (0..<100).flatMap { rows[($0 % 2) * 7..<($0 % 2) * 7 + 7] }
    let tensor = try Tensor(values, shape: Shape([100, 7]))
    let conversion = try TestConversion(["w": tensor])
    let report = try conversion.convert()
    #expect(report.tensor("w")?.className == "exact s4k4")
    #expect(try conversion.dense("w") == tensor)
    #expect(try conversion.verify().hasPassed)
  }

  @Test func oneDistinctBlockNeedsNoIndices() throws {
    let values = (0..<64).flatMap { _ in [0.5, -1, 0.25, 8] as [Float] }
    let tensor = try Tensor(values, shape: Shape([16, 16]))
    let conversion = try TestConversion(["w": tensor])
    let report = try conversion.convert()
    #expect(report.tensor("w")?.className == "exact s4k1")
    #expect(report.tensor("w")?.byteCount == 0)
    #expect(try conversion.dense("w") == tensor)
  }

  @Test func oneDistinctBlockTooManyIsFitted() throws {
    let tensor = try Tensor.repeatingBlocks(rows: 64, blocksPerRow: 16)
    let conversion = try TestConversion(["w": tensor])
    #expect(try conversion.preview { $0.fit.motifs = .count(8) }.tensor("w")?.className == "exact s4k8")
    #expect(try conversion.preview { $0.fit.motifs = .count(7) }.tensor("w")?.className == "s4k7")
  }
}
