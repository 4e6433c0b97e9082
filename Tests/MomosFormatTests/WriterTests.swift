import Glibc
import MomosModel
import Testing

@testable import MomosFormat

struct WriterTests {
  private static func tensor(_ count: Int = 100) throws -> Tensor {
    try Tensor((0..<count).map { Float($0) }, shape: Shape(vector: count))
  }

  /// The error of a failing call.
  private static func error(_ body: () throws -> Void) -> FormatError? {
    #expect(throws: FormatError.self) { try body() }
  }

  @Test(arguments: [false, true]) func sameModelGivesSameBytes(compress: Bool) throws {
    #expect(try SampleModel.bytes(compress: compress) == SampleModel.bytes(compress: compress))
  }

  @Test func existingFileIsNotReplaced() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.momos")
    try SampleModel.write(try SampleModel.model(), to: path)
    let before = try MappedFile.open(path, load: .copy)
    #expect(Self.error { _ = try MomosWriter(path: path) }?.rule == .targetExists)
    #expect(try MappedFile.open(path) == before)
    #expect(folder.names == ["a.momos"])
  }

  /// The target appears while the writer works: still not replaced.
  @Test func fileThatAppearsMeanwhileIsNotReplaced() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.momos")
    let late = try MomosWriter(path: path)
    try late.write(name: "late", dense: try Self.tensor())
    try SampleModel.write(Model(), to: path)
    #expect(Self.error { _ = try late.finish() }?.rule == .targetExists)
    #expect(try MomosReader(path: path).tensors.isEmpty)
    #expect(folder.names == ["a.momos"])
  }

  @Test func overwriteReplacesTheFile() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.momos")
    try SampleModel.write(Model(), to: path)
    let reader = try MomosReader(path: path)
    try SampleModel.write(try SampleModel.model(), to: path, options: .init(overwrite: true))
    #expect(reader.tensors.isEmpty)
    #expect(try MomosReader(path: path).hasTensor("simple"))
    #expect(folder.names == ["a.momos"])
  }

  @Test func droppedWriterLeavesNothing() throws {
    let folder = try TemporaryFolder()
    try SampleModel.write(Model(), to: folder.file("a.momos"))
    do {
      let writer = try MomosWriter(path: folder.file("a.momos"), options: .init(overwrite: true))
      try writer.write(name: "t", dense: try Self.tensor())
    }
    #expect(folder.names == ["a.momos"])
    #expect(try MomosReader(path: folder.file("a.momos")).tensors.isEmpty)
  }

  @Test func failedWriterLeavesNothingAndStaysFailed() throws {
    let folder = try TemporaryFolder()
    let writer = try MomosWriter(path: folder.file("a.momos"))
    try writer.write(name: "t", dense: try Self.tensor())
    #expect(Self.error { try writer.write(name: "t", dense: try Self.tensor()) }?.rule == .h05)
    #expect(folder.names == [])
    #expect(Self.error { _ = try writer.finish() }?.rule == .cannotWrite)
    #expect(folder.names == [])
  }

  /// What only the read-back finds: an index that names no motif.
  @Test func invalidWeightsAreFoundBeforeTheFileGetsItsName() throws {
    let folder = try TemporaryFolder()
    var random = RandomMosaic(seed: 1)
    let dictionary = try random.dictionary(motifCount: 3, blockLength: 4)
    let mosaic = try Mosaic(packing: [3], rowCount: 1, blockCount: 1, blockLength: 4, indexWidth: 2)
    let writer = try MomosWriter(path: folder.file("a.momos"))
    try writer.write(
      name: "w",
      mosaic: MosaicTensor(
        elementType: .float32, shape: try Shape([1, 4]), view: .lastAxisIsInput(rank: 2),
        parts: [MosaicPart(stages: [Stage(dictionary: dictionary, mosaic: mosaic)])]))
    #expect(Self.error { _ = try writer.finish() }?.rule == .m12)
    #expect(folder.names == [])
  }

  @Test func mistakesInATensorAreReportedAtOnce() throws {
    let folder = try TemporaryFolder()
    func rule(_ body: (MomosWriter) throws -> Void) throws -> FormatRule? {
      let writer = try MomosWriter(path: folder.file("a.momos"))
      return Self.error { try body(writer) }?.rule
    }
    var random = RandomMosaic(seed: 1)
    let dictionary = try random.dictionary(motifCount: 2, blockLength: 4)
    let stage = try random.stage(dictionary, rowCount: 2, columnCount: 4)
    func mosaic(_ part: MosaicPart, outliers: Outliers = .none) throws -> MosaicTensor {
      MosaicTensor(
        elementType: .float32, shape: try Shape([3, 4]), view: .lastAxisIsInput(rank: 2), parts: [part],
        outliers: outliers)
    }
    let part = MosaicPart(rows: [0, 2], stages: [stage])
    let empty = try mosaic(MosaicPart(rows: [], stages: [stage]))
    let outside = try mosaic(MosaicPart(rows: [0, 3], stages: [stage]))
    let short = try mosaic(MosaicPart(stages: [stage]))
    let apart = try mosaic(part, outliers: Outliers(rows: [65_536], columns: [0], values: [1]))
    #expect(try rule { try $0.write(name: "", dense: Self.tensor()) } == .h04)
    #expect(try rule { try $0.write(name: "t", dense: Self.tensor(), storedAs: .int8) } == .t04)
    #expect(try rule { try $0.write(name: "t", aliasOf: "other") } == .noSuchTensor)
    #expect(try rule { try $0.write(name: "t", mosaic: empty) } == .m05)
    #expect(try rule { try $0.write(name: "t", mosaic: outside) } == .m06)
    #expect(try rule { try $0.write(name: "t", mosaic: short) } == .m10)
    #expect(try rule { try $0.write(name: "t", mosaic: apart) } == .m17)
  }

  @Test func aliasOfAnAliasBecomesAnAliasOfTheTensor() throws {
    let folder = try TemporaryFolder()
    let writer = try MomosWriter(path: folder.file("a.momos"))
    try writer.write(name: "first", dense: try Self.tensor())
    try writer.write(name: "second", aliasOf: "first")
    try writer.write(name: "third", aliasOf: "second")
    _ = try writer.finish()
    #expect(try MomosReader(path: folder.file("a.momos")).entry("third").aliasTarget == "first")
  }

  @Test func provenanceOfAnUnknownTensorIsRefused() throws {
    let folder = try TemporaryFolder()
    let writer = try MomosWriter(path: folder.file("a.momos"))
    var provenance = Provenance()
    provenance.tensors = [
      TensorProvenance(tensorName: "other", sourceDigest: 0, className: "", bits: 0, relativeError: 0)
    ]
    #expect(Self.error { _ = try writer.finish(provenance: provenance) }?.rule == .p02)
    #expect(folder.names == [])
  }

  /// Zeros shrink by far more than 1,024 (S-05), noise by less than 3 %: both stay as they are.
  @Test func compressionIsKeptOnlyWhereItIsUsefulAndAllowed() throws {
    var generator = SeededGenerator(seed: 2)
    let noise = Tensor(
      elementType: .uint8, shape: Shape(vector: 10_000),
      bytes: try Bytes(copying: (0..<10_000).map { _ in UInt8(truncatingIfNeeded: generator.next()) }))
    let zeros = try Tensor([Float](repeating: 0, count: 1 << 20), shape: Shape(vector: 1 << 20))
    let folder = try TemporaryFolder()
    let writer = try MomosWriter(path: folder.file("a.momos"), options: .init(compress: true))
    try writer.write(name: "ramp", dense: try Self.tensor(5000))
    try writer.write(name: "noise", dense: noise)
    try writer.write(name: "zeros", dense: zeros)
    _ = try writer.finish()
    let sections = try MomosReader(path: folder.file("a.momos")).sections
    #expect(sections.map(\.codec) == [.bytePlanesZstd, .stored, .stored])
    #expect(sections[0].planeCount == 4)
    #expect(sections[0].storedByteCount < 5000 * 4 * 97 / 100)
  }
}
