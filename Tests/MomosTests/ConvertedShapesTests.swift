import Momos
import MomosModel
import MomosTestSupport
import Testing

/// Tensors of every shape and type convert, are predicted to the byte, and verify.
struct ConvertedShapesTests {
  /// Converts without compression; expects the predicted byte count and a verified file.
  private func expectPredictedAndVerified(
    _ conversion: TestConversion, _ change: (inout ConversionOptions) -> Void = { _ in }
  ) throws -> ConversionReport {
    let preview = try conversion.preview {
      change(&$0)
      $0.compresses = false
    }
    let report = try conversion.convert {
      change(&$0)
      $0.compresses = false
    }
    #expect(preview.isExact)
    #expect(preview.fileByteCount == report.fileByteCount)
    #expect(try conversion.folder.bytes(of: "model.momos").count == report.fileByteCount)
    #expect(preview.tensors.map(\.className) == report.tensors.map(\.className))
    #expect(preview.tensors.map(\.byteCount) == report.tensors.map(\.byteCount))
    let compressed = try conversion.preview(change)
    #expect(!compressed.isExact && compressed.fileByteCount == preview.fileByteCount)
    #expect(try conversion.verify().hasPassed)
    return report
  }

  @Test(arguments: [1, 3, 300])
  func everyMotifCountIsPredictedAndVerified(motifCount: Int) throws {
    let conversion = try TestConversion(["w": try .normal(130, 128)])
    let report = try expectPredictedAndVerified(conversion) { $0.fit.motifs = .count(motifCount) }
    #expect(report.tensor("w")?.className == "s4k\(motifCount)")
    let error = try #require(report.tensor("w")?.relativeError)
    // One motif, pinned to zero, leaves everything.
    #expect(motifCount == 1 ? error == 1 : error < 1)
  }

  @Test func moreMotifsThanBlocksKeepSmallTensorsAsTheyAre() throws {
    let tensor = try Tensor.normal(40, 16)
    let conversion = try TestConversion(["w": tensor])
    let report = try expectPredictedAndVerified(conversion) { $0.fit.motifs = .count(65_536) }
    #expect(report.tensor("w")?.reason == "a mosaic would not be smaller")
    #expect(try conversion.dense("w") == tensor)
  }

  @Test func largestDictionaryIsWrittenAndRead() throws {
    // One weight in a block: 70,000 distinct weights and 65,536 motifs of two bytes, 16 bits an index.
    let conversion = try TestConversion(["w": try .normal(100, 700, elementType: .float64)])
    let report = try expectPredictedAndVerified(conversion) {
      $0.fit.motifs = .count(65_536)
      $0.fit.blockLength = 1
    }
    #expect(report.tensor("w")?.className == "s1k65536")
  }

  @Test(arguments: [1, 3, 64], [1, 2])
  func everyBlockLengthIsPredictedAndVerified(blockLength: Int, stageCount: Int) throws {
    // 130 columns: no multiple of 3 or 64.
    let conversion = try TestConversion(["w": try .normal(200, 130)])
    let report = try expectPredictedAndVerified(conversion) {
      $0.fit.blockLength = blockLength
      $0.fit.motifs = .count(16)
      $0.fit.stageCount = stageCount
    }
    #expect(report.tensor("w")?.className == "s\(blockLength)k16" + (stageCount > 1 ? "x2" : ""))
    #expect(try conversion.dense("w").shape.dimensions == [200, 130])
  }

  @Test(arguments: [ElementType.float16, .bfloat16, .float32, .float64])
  func fittedTensorsKeepTheirElementType(elementType: ElementType) throws {
    let conversion = try TestConversion(["w": try .normal(64, 64, elementType: elementType)])
    let report = try expectPredictedAndVerified(conversion) { $0.fit.motifs = .count(64) }
    #expect(report.tensor("w")?.className == "s4k64")
    #expect(try conversion.dense("w").elementType == elementType)
  }

  @Test func rowOfZerosStaysZero() throws {
    var values = try Tensor.normal(64, 64).floats()
    for column in 0..<64 { values[5 * 64 + column] = 0 }
    let conversion = try TestConversion(["w": try Tensor(values, shape: Shape([64, 64]))])
    let report = try expectPredictedAndVerified(conversion) { $0.fit.motifs = .count(64) }
    #expect(report.tensor("w")?.className == "s4k64")
    #expect(try conversion.dense("w").floats(in: 5 * 64..<6 * 64).allSatisfy { $0 == 0 })
  }

  @Test func rowsOfVeryDifferentSizeKeepTheirScale() throws {
    var values = try Tensor.normal(64, 64).floats()
    for position in values.indices { values[position] *= position < 64 ? 1e-20 : position < 128 ? 1e20 : 1 }
    let tensor = try Tensor(values, shape: Shape([64, 64]))
    let conversion = try TestConversion(["w": tensor])
    _ = try expectPredictedAndVerified(conversion) { $0.fit.motifs = .count(64) }
    let stored = try conversion.dense("w").floats()
    for row in [0, 1, 2] {
      let range = row * 64..<row * 64 + 64
      let metrics = ErrorMetrics(
        reference: range.map { values[$0] * (row == 0 ? 1e20 : row == 1 ? 1e-20 : 1) },
        measured: range.map { stored[$0] * (row == 0 ? 1e20 : row == 1 ? 1e-20 : 1) })
      #expect(metrics.relativeError < 0.8)
    }
  }

  @Test func emptyTensorsScalarsAndVectorsStayDense() throws {
    let conversion = try TestConversion([
      "rows": try Tensor([Float](), shape: Shape([0, 8])),
      "columns": try Tensor([Float](), shape: Shape([8, 0])),
      "scalar": try Tensor([Float(-0.0)], shape: Shape([])), "vector": try .normal(300),
    ])
    let report = try expectPredictedAndVerified(conversion)
    #expect(report.tensors.map(\.className) == ["dense", "dense", "dense", "dense"])
    #expect(try conversion.dense("scalar").bytes.array(of: UInt8.self) == [0, 0, 0, 0x80])
    #expect(try conversion.dense("columns").shape.dimensions == [8, 0])
  }

  @Test func integersStayDense() throws {
    let values = (0..<4096).map { Int64($0 % 7) << 40 }
    let tensor = try Tensor(values, shape: Shape([64, 64]))
    let conversion = try TestConversion(["n": tensor])
    let report = try expectPredictedAndVerified(conversion)
    #expect(report.tensor("n")?.reason == "i64 values")
    #expect(try conversion.dense("n") == tensor)
  }

  @Test func higherRanksAreMatricesOfTheirLastAxis() throws {
    let conversion = try TestConversion(["w": try .normal(8, 9, 3, 16)])
    _ = try expectPredictedAndVerified(conversion) { $0.fit.motifs = .count(16) }
    #expect(try conversion.inspect().tensor("w")?.matrixShape == [216, 16])
    #expect(try conversion.dense("w").shape.dimensions == [8, 9, 3, 16])
  }

  @Test func everyKindOfTensorTogether() throws {
    let conversion = try TestConversion([
      "a": try .normal(64, 66), "b": try .repeatingBlocks(rows: 64, blocksPerRow: 9, elementType: .bfloat16),
      "c": try .normal(10), "d": try Tensor([Int64(3)], shape: Shape([])),
      "e": try .normal(64, 66, seed: 2, elementType: .float16),
    ])
    let report = try expectPredictedAndVerified(conversion) { $0.fit.motifs = .count(100) }
    #expect(report.tensors.map(\.className) == ["s4k100", "exact s4k8", "dense", "dense", "s4k100"])
  }
}
