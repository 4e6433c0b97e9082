import MomosModel
import Testing

@testable import MomosInterchange

struct SourceCollectionTests {
  private func refused(_ arguments: String...) -> InterchangeError? {
    refusal { () throws(InterchangeError) in try SourceCollection.open(arguments) }
  }

  @Test func fileWithoutANameGivesItsStem() throws {
    let source = try SourceCollection.open([SourceFixture.path("types/f4-little.npy")])
    #expect(source.catalog.map(\.name) == ["f4-little"])
    #expect(source.catalog[0].byteCount == 24)
    #expect(try source.read("f4-little").floats() == [-1.5, -0.25, 0, 0.5, 1, 65504])
  }

  @Test func namedFileHasThatName() throws {
    let source = try SourceCollection.open(["layer/fc1.weight=\(SourceFixture.path("types/f4-little.npy"))"])
    #expect(source.catalog.map(\.name) == ["layer/fc1.weight"])
    #expect(try source.read("layer/fc1.weight").elementType == .float32)
    #expect(refusal { () throws(InterchangeError) in try source.read("f4-little") }?.rule == .unknownTensor)
  }

  @Test func severalSourcesAreOne() throws {
    let source = try SourceCollection.open([
      SourceFixture.path("archives/stored.npz"), SourceFixture.path("shapes/scalar.npy"),
      SourceFixture.path("versions"),
    ])
    #expect(source.catalog.map(\.name) == ["layer/weight", "bias", "scalar", "1", "2", "3"])
    #expect(try source.read("bias").floats() == [0, 1, 2])
    #expect(try source.read("3").floats() == [0, 1, 2, 3])
  }

  @Test func sameNameInTwoSourcesNamesBoth() throws {
    let first = SourceFixture.path("shapes/scalar.npy")
    let second = SourceFixture.path("shapes/vector.npy")
    let error = try #require(refused(first, "scalar=\(second)"))
    #expect(error.rule == .duplicateTensor)
    #expect(error.found == "one in \(first) and one in \(second)")
  }

  /// 1.0 and -2.0 in each type, little-endian, by hand from IEEE 754.
  @Test(
    arguments: [
      ("f16", [0x00, 0x3C, 0x00, 0xC0]), ("bf16", [0x80, 0x3F, 0x00, 0xC0]),
      ("f32", [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0]),
      ("f64", [0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0, 0, 0, 0, 0, 0, 0, 0xC0]),
    ] as [(String, [UInt8])])
  func rawDataHaveTheStatedTypeAndShape(_ type: String, _ content: [UInt8]) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(content, to: "w.bin")
    let source = try SourceCollection.open(["a:b=\(path):\(type)[1,2]", "\(path):\(type)[2]"])
    #expect(source.catalog.map(\.name) == ["a:b", "w"])
    #expect(source.catalog.map(\.shape.dimensions) == [[1, 2], [2]])
    let tensor = try source.read("a:b")
    #expect(tensor.elementType.name == type)
    #expect(tensor.floats() == [1, -2])
  }

  @Test(arguments: [
    ("f32[3]", InterchangeError.Rule.dataTruncated), ("f32[1]", .dataTrailing), ("f32[]", .dataTrailing),
    ("f32[1,]", .rawShape), ("f32[-1]", .rawShape), ("f32[x]", .rawShape),
    ("f32[99999999999999999999]", .rawShape),
    ("f32]", .rawElementType), ("i8[8]", .rawElementType), ("half[2]", .rawElementType),
    ("f32[281474976710657]", .shape),
  ])
  func rawDataMustMatchTheirLayout(_ layout: String, _ rule: InterchangeError.Rule) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write([0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0], to: "w.bin")
    #expect(refused("w=\(path):\(layout)")?.rule == rule)
  }

  @Test func existingPathIsNotTakenApart() throws {
    let folder = try TemporaryFolder()
    let content = try SourceFixture.content("shapes/scalar.npy")
    let path = try folder.write(content, to: "a=b:f32[1].npy")
    #expect(try SourceCollection.open([path]).catalog.map(\.name) == ["a=b:f32[1]"])
    let bracketed = try folder.write(content, to: "c:f32[1]")
    #expect(try SourceCollection.open(["w=\(bracketed)"]).catalog.map(\.shape.dimensions) == [[]])
  }

  @Test func namesHaveLimits() throws {
    let path = SourceFixture.path("shapes/scalar.npy")
    #expect(refused("=\(path)")?.rule == .tensorName)
    #expect(refused("a\0b=\(path)")?.rule == .tensorName)
    #expect(refused("\(String(repeating: "n", count: 1025))=\(path)")?.rule == .tensorName)
    let longest = String(repeating: "n", count: 1024)
    #expect(try SourceCollection.open(["\(longest)=\(path)"]).catalog.map(\.name) == [longest])
  }

  @Test func nameForSeveralTensorsIsRefused() {
    #expect(refused("w=\(SourceFixture.path("archives/stored.npz"))")?.rule == .nameForSeveralTensors)
    #expect(refused("w=\(SourceFixture.path("types"))")?.rule == .nameForSeveralTensors)
  }

  @Test(arguments: ["missing.npy", "w=missing.npy", "w=missing.bin:f32[1]"])
  func missingFileIsNamed(_ argument: String) throws {
    let error = try #require(refused(argument))
    #expect(error.rule == .missingFile)
    #expect(error.path == (argument.hasSuffix("]") ? "missing.bin" : "missing.npy"))
    #expect(error.description.contains("expected a readable file, found \"No such file or directory\""))
  }

  @Test func deviceIsRefused() {
    #expect(refused("/dev/null")?.rule == .notARegularFile)
  }

  @Test(
    arguments: [
      (Array("GGUF\u{3}\0\0\0".utf8), InterchangeError.Rule.unknownContent), ([], .unknownContent),
      ([0x93] + Array("MOMOS\r\n".utf8), .momosAsSource),
      ([2, 0, 0, 0, 0, 0, 0, 0] + Array("{]".utf8), .jsonSyntax),
      (Array(" \n{\"a\": 1}".utf8), .jsonUnknownKey),
      ([0x08, 0x08, 0x12, 0x07] + Array("pytorch".utf8), .onnxGraph),
    ] as [([UInt8], InterchangeError.Rule)])
  func otherContentIsRefusedWhateverTheNameSays(_ content: [UInt8], _ rule: InterchangeError.Rule) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(content, to: "w.npy")
    #expect(refused(path)?.rule == rule)
  }

  @Test func messagesSayWhatIsThereAndWhatIsSupported() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(Array("GGUF\u{3}\0\0\0\0".utf8), to: "w.gguf")
    #expect(
      refused("w=\(path)")?.description
        == "\(path): expected an .npy, .npz or safetensors file or an ONNX model, or raw data given as NAME=FILE:f32[ROWS,COLUMNS], "
        + "found first bytes 47 47 55 46 03 00 00 00")
    let onnx = try folder.write([0x08, 0x08, 0x12, 0x00], to: "w.onnx")
    #expect(refused(onnx)?.description == "\(onnx): expected a model with a graph, found none")
  }

  @Test func pathIsSaidOnce() throws {
    let path = SourceFixture.path("archives/other-member.npz")
    let error = try #require(refused(path))
    #expect(
      error.description == "\(path): member 'notes.txt': expected only members named NAME.npy, found this one"
    )
  }
}
