import Momos
import MomosModel
import MomosTestSupport
import Testing

/// Weights that lie on few distinct blocks of their flattened form are stored without loss.
struct FlatBlockingTests {
  /// Weights of any shape that run through blocks of `repeatingBlocks`.
  private func tensor(
    _ dimensions: Int..., blockLength: Int = 4, elementType: ElementType = .float32
  ) throws -> Tensor {
    let shape = try Shape(dimensions)
    let blockCount = (shape.elementCount + blockLength - 1) / blockLength
    let blocks = try Tensor.repeatingBlocks(
      rows: 1, blocksPerRow: blockCount, blockLength: blockLength, elementType: elementType)
    let byteCount = shape.elementCount * elementType.byteCount
    return Tensor(elementType: elementType, shape: shape, bytes: blocks.bytes[0..<byteCount])
  }

  @Test(arguments: [ElementType.float16, .bfloat16, .float32, .float64])
  func rowsThatCutBlocksSurviveBitForBit(elementType: ElementType) throws {
    // Rows of 9 weights hold no whole number of blocks; 8 distinct blocks and a last one of one weight.
    let tensor = try tensor(333, 9, elementType: elementType)
    let conversion = try TestConversion(["w": tensor])
    let report = try conversion.convert { $0.fit.blocking = .flat }
    #expect(report.tensor("w")?.className == "exact flat s4k9")
    #expect(report.tensor("w")?.relativeError == 0)
    #expect(try conversion.dense("w") == tensor)
    #expect(report.fileByteCount < tensor.bytes.count)
    #expect(try conversion.inspect().tensor("w")?.view == "flat")
    #expect(try conversion.verify().hasPassed)
  }

  @Test func filtersAndMatricesShareOneDictionary() throws {
    let conversion = try TestConversion([
      "matrix": try tensor(64, 18), "filter": try tensor(32, 6, 3, 3), "rows": try tensor(128, 32),
    ])
    let report = try conversion.convert { $0.fit.blocking = .flat }
    let inspection = try conversion.inspect()
    #expect(inspection.dictionaries.map(\.motifCount) == [8])
    #expect(["matrix", "filter"].map { inspection.tensor($0)?.view } == ["flat", "flat"])
    // Rows of whole blocks are cut alike, in the layout that kernels stream.
    #expect(inspection.tensor("rows")?.view == "128x32")
    #expect(report.tensors.allSatisfy { $0.relativeError == 0 })
  }

  @Test func matrixWhoseInputsComeFirstIsCutAsItLies() throws {
    let tensor = try tensor(64, 18)
    let conversion = try TestConversion(["w": tensor])
    try conversion.convert {
      $0.fit.blocking = .flat
      $0.inputAxis = .first
    }
    #expect(try conversion.inspect().dictionaries.map(\.motifCount) == [8])
    #expect(try conversion.dense("w") == tensor)
    #expect(try conversion.verify().hasPassed)
  }

  @Test func tensorOfDifferentBlocksStaysDense() throws {
    let conversion = try TestConversion(["noise": try .normal(64, 64), "few": try tensor(64, 18)])
    let report = try conversion.convert { $0.fit.blocking = .flat }
    #expect(report.tensor("noise")?.className == "dense")
    #expect(report.tensor("few")?.className == "exact flat s4k8")
  }

  @Test func previewTellsTheBytes() throws {
    let conversion = try TestConversion(["w": try tensor(333, 9)])
    let change = { (options: inout ConversionOptions) in
      options.fit.blocking = .flat
      options.compresses = false
    }
    #expect(try conversion.preview(change).fileByteCount == conversion.convert(change).fileByteCount)
  }

  @Test func optionsThatNeedAFitAreRefused() throws {
    var options = FitOptions()
    options.blocking = .flat
    try options.validate()
    options.stageCount = 2
    #expect(throws: FitError.self) { try options.validate() }
    options.stageCount = 1
    options.goal = .bits(2)
    #expect(throws: FitError.self) { try options.validate() }
  }
}
