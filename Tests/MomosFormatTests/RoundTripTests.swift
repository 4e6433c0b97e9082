import MomosModel
import Testing

@testable import MomosFormat

struct RoundTripTests {
  @Test(arguments: [false, true], LoadMode.allCases)
  func everyFeatureSurvives(compress: Bool, load: LoadMode) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("sample.momos")
    let model = try SampleModel.model()
    let summary = try SampleModel.write(model, to: path, options: .init(compress: compress))
    let reader = try MomosReader(path: path, load: load)
    #expect(summary.byteCount == reader.byteCount)
    #expect(summary.headerByteCount == reader.headerByteCount)
    #expect(summary.tensorCount == model.tensors.count)
    let read = try reader.loadModel()
    #expect(read.graphs == model.graphs)
    #expect(read.operatorSets == model.operatorSets)
    #expect(read.provenance == model.provenance)
    #expect(comparable(read) == comparable(model))
  }

  /// Every width from 0 to 16, powers of two and not, antipodal with odd stored counts, every dictionary type.
  @Test(arguments: [
    1, 2, 3, 4, 6, 10, 16, 30, 64, 70, 128, 200, 256, 258, 510, 1000, 2000, 4094, 8192, 12_000, 30_000,
    65_536,
  ])
  func mosaicsOfEveryWidthSurvive(motifCount: Int) throws {
    var random = RandomMosaic(seed: UInt64(motifCount))
    let types: [ElementType] = [.float32, .float16, .bfloat16, .float64, .int8]
    let folder = try TemporaryFolder()
    for (position, elementType) in types.enumerated() {
      let dictionary = try random.dictionary(
        motifCount: motifCount, blockLength: 1 + position, isOverlapping: position % 2 == 1,
        elementType: elementType, isAntipodal: motifCount % 2 == 0 && position > 1,
        hasZeroMotif: position == 2)
      let tensor = try random.tensor(
        rows: 1 + random.generator.nextIndex(below: 9), columns: 1 + random.generator.nextIndex(below: 60),
        dictionaries: [dictionary], outlierCount: position == 0 ? 0 : 1)
      let path = folder.file("\(position).momos")
      let writer = try MomosWriter(path: path, options: .init(compress: position == 4))
      try writer.write(name: "w", mosaic: tensor)
      _ = try writer.finish()
      guard case .mosaic(let read) = try MomosReader(path: path).load("w") else {
        Issue.record("not a mosaic")
        return
      }
      #expect(read == tensor)
    }
  }

  @Test(arguments: ElementType.allCases)
  func denseTensorsOfEveryTypeSurvive(elementType: ElementType) throws {
    var generator = SeededGenerator(seed: 3)
    let bytes = (0..<35 * elementType.byteCount).map { _ in
      UInt8(truncatingIfNeeded: elementType == .bool ? generator.next() & 1 : generator.next())
    }
    let tensor = Tensor(
      elementType: elementType, shape: try Shape([5, 7]), bytes: try Bytes(copying: bytes))
    let folder = try TemporaryFolder()
    try SampleModel.write(
      Model(tensors: [NamedTensor(name: "é", content: .dense(tensor))]), to: folder.file("t.momos"))
    guard case .dense(let read) = try MomosReader(path: folder.file("t.momos")).load("é") else {
      Issue.record("not dense")
      return
    }
    #expect(read == tensor)
  }

  /// Expected values by hand from the definitions of the types.
  @Test(arguments: [
    (
      ElementType.float32, ElementType.float16, [1.0, 0x1.002p0, 0x1.006p0, -2.5],
      [1.0, 1.0, 0x1.008p0, -2.5]
    ),
    (.float32, .bfloat16, [1.0, 0x1.01p0, 0x1.03p0, -2.5], [1.0, 1.0, 0x1.04p0, -2.5]),
    (.float64, .float32, [0x1.000001p0, 0x1.000003p0], [1.0, 0x1.000004p0]),
    (.float64, .float16, [0x1.002p0, 0x1.0020000000001p0], [1.0, 0x1.004p0]),
    // Rounding to float32 first would make a tie of the second value and lose its last bit.
    (
      .float64, .bfloat16, [0x1.01p0, 0x1.0100000000001p0, -0x1.0100000000001p0], [1.0, 0x1.02p0, -0x1.02p0]
    ),
  ])
  func storedTypeRoundsOnceToNearestEven(
    elementType: ElementType, stored: ElementType, values: [Double], expected: [Double]
  ) throws {
    let shape = Shape(vector: values.count)
    func tensor(_ values: [Double]) throws -> Tensor {
      elementType == .float64
        ? Tensor(elementType: .float64, shape: shape, bytes: try Bytes(copying: values))
        : try Tensor(values.map { Float($0) }, shape: shape)
    }
    let folder = try TemporaryFolder()
    let writer = try MomosWriter(path: folder.file("t.momos"))
    try writer.write(name: "t", dense: tensor(values), storedAs: stored)
    _ = try writer.finish()
    let reader = try MomosReader(path: folder.file("t.momos"))
    #expect(reader.sections[0].rawByteCount == values.count * stored.byteCount)
    guard case .dense(let read) = try reader.load("t") else {
      Issue.record("not dense")
      return
    }
    #expect(read == (try tensor(expected)))
  }

  @Test func wideMatricesHaveWideOutliers() throws {
    var random = RandomMosaic(seed: 5)
    let dictionary = try random.dictionary(motifCount: 2, blockLength: 64)
    let tensor = try random.tensor(rows: 2, columns: 70_000, dictionaries: [dictionary], outlierCount: 9)
    let folder = try TemporaryFolder()
    try SampleModel.write(
      Model(tensors: [NamedTensor(name: "w", content: .mosaic(tensor))]), to: folder.file("w.momos"))
    let reader = try MomosReader(path: folder.file("w.momos"))
    #expect(reader.tensors[0].mosaic?.outlierSection?.rawByteCount == 90)
    guard case .mosaic(let read) = try reader.load("w") else {
      Issue.record("not a mosaic")
      return
    }
    #expect(read == tensor)
  }
}
