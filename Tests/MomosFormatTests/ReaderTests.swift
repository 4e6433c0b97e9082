import Glibc
import MomosModel
import Testing

@testable import MomosFormat

struct ReaderTests {
  private static func dictionary(_ content: TensorContent, part: Int = 0) throws -> MotifDictionary {
    guard case .mosaic(let tensor) = content else { throw FolderError(code: 0) }
    return tensor.parts[part].stages[0].dictionary
  }

  @Test(arguments: [false, true]) func sharedDictionariesAreIdenticalAfterLoading(compress: Bool) throws {
    let reader = try MomosReader(try SampleModel.bytes(compress: compress))
    let simple = try Self.dictionary(try reader.load("simple"))
    let parts = try Self.dictionary(try reader.load("parts"))
    #expect(simple.values.isIdentical(to: parts.values))
    #expect(simple == parts)
    let flat = try Self.dictionary(try reader.load("flat"))
    #expect(!simple.values.isIdentical(to: flat.values))
  }

  @Test func storedSectionsAreViewsOfTheFile() throws {
    let file = try Bytes(copying: try SampleModel.bytes())
    let reader = try MomosReader(bytes: file)
    let section = reader.sections[0]
    guard case .dense(let tensor) = try reader.load("floats") else { throw FolderError(code: 0) }
    #expect(tensor.bytes.isIdentical(to: file[section.offset..<section.offset + section.storedByteCount]))
  }

  @Test func bytesAtAnyAddressAreRead() throws {
    let bytes = try SampleModel.bytes()
    let shifted = try Bytes(copying: [0] + bytes)
    let reader = try MomosReader(bytes: shifted[1..<shifted.count])
    #expect(comparable(try reader.loadModel()) == comparable(try SampleModel.model()))
  }

  /// A sparse file of one terabyte opens at once; all its bytes are zero, so that its digest cannot agree.
  @Test func openingReadsNoSection() throws {
    let sectionByteCount = 1 << 40
    var header = HeaderRecord()
    header.sections = [
      SectionRecord(
        offset: 64, storedByteCount: UInt64(sectionByteCount), rawByteCount: UInt64(sectionByteCount))
    ]
    header.tensors = [
      TensorRecord(
        name: [116], elementType: 2, dimensions: [UInt64(sectionByteCount)], kind: 1, section: 1)
    ]
    let encoded = try Bytes(copying: try HeaderEncoding.bytes(of: header))
    let offset = 64 + sectionByteCount
    let preamble = Preamble(headerOffset: offset, headerByteCount: encoded.count, headerDigest: xxh3(encoded))
    let folder = try TemporaryFolder()
    let path = folder.file("sparse.momos")
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT, 0o600)
    defer { close(descriptor) }
    try PendingFile.write(try Bytes(copying: try preamble.encoded()), to: descriptor, at: 0)
    try PendingFile.write(encoded, to: descriptor, at: offset)
    #expect(try MomosReader(path: path).tensors[0].shape.elementCount == sectionByteCount)
  }

  @Test func catalogDescribesTheFile() throws {
    let bytes = try SampleModel.bytes()
    let reader = try MomosReader(bytes)
    #expect(reader.byteCount == bytes.count)
    #expect(
      reader.tensors.map(\.kind) == [
        .dense, .dense, .dense, .dense, .alias, .mosaic, .mosaic, .mosaic, .mosaic, .mosaic, .mosaic,
      ])
    let simple = try reader.entry("simple")
    #expect(simple.dictionaries.map(\.motifCount) == [5])
    #expect(simple.mosaic?.parts[0].stages[0].blockCount == 3)
    // Six rows of 9 bits in two bytes each, six f16 scales, three outliers of six bytes.
    #expect(simple.rawByteCount == 12 + 12 + 18)
    #expect(simple.storedByteCount == 42)
    #expect(try reader.entry("floats").rawByteCount == 24)
    #expect(try reader.entry("repeated").aliasTarget == "floats")
    #expect(try reader.entry("repeated").storedByteCount == 0)
    let parts = try #require(try reader.entry("parts").mosaic)
    #expect(parts.matrixShape.dimensions == [6, 6])
    #expect(parts.parts.map(\.columnCount) == [5, 6])
    #expect(parts.parts[0].stages[1].dictionary.isAntipodal)
  }

  @Test func aliasesAreResolved() throws {
    let reader = try MomosReader(try SampleModel.bytes())
    guard case .alias("floats") = try reader.load("repeated") else { throw FolderError(code: 0) }
    guard case .dense(let own) = try reader.load("floats") else { throw FolderError(code: 0) }
    guard case .dense(let repeated) = try reader.resolve("repeated") else { throw FolderError(code: 0) }
    #expect(own.bytes.isIdentical(to: repeated.bytes))
  }

  @Test func selectedTensorsAreLoadedAlone() throws {
    let reader = try MomosReader(try SampleModel.bytes())
    let model = try reader.loadModel { $0 == "repeated" || $0 == "flat" }
    #expect(model.tensors.map(\.name) == ["repeated", "flat"])
    guard case .dense = model.tensors[0].content else { throw FolderError(code: 0) }
  }

  @Test func unknownTensorIsAnError() throws {
    let reader = try MomosReader(try SampleModel.bytes())
    #expect(!reader.hasTensor("other"))
    let error = #expect(throws: FormatError.self) { try reader.load("other") }
    #expect(error?.rule == .noSuchTensor)
  }

  @Test func readerServesSeveralTasks() async throws {
    let reader = try MomosReader(try SampleModel.bytes(compress: true))
    let dictionaries = try await withThrowingTaskGroup(of: MotifDictionary.self) { group in
      for task in 0..<16 {
        group.addTask { try Self.dictionary(try reader.load(task % 2 == 0 ? "simple" : "parts")) }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(dictionaries.count == 16)
    #expect(dictionaries.allSatisfy { $0.values.isIdentical(to: dictionaries[0].values) })
  }

  @Test func errorsAreOneLine() {
    let error = FormatError(
      .h05, at: "tensor \(quoted("a\nb\u{7}'"))", expected: "unique names", found: "another")
    #expect(error.description == "H-05: tensor 'a\\nb\\u{07}'': expected unique names, found another")
    #expect(quoted(String(repeating: "x", count: 500)).count == 205)
  }
}
