import MomosModel
import Testing

@testable import MomosInterchange

/// safetensors files, against the values that tools/fixtures/make_safetensors_fixtures.py stated.
struct SafetensorsTests {
  private func open(_ name: String) throws -> SourceCollection {
    try SourceCollection.open([SourceFixture.path(name, format: "safetensors")])
  }

  @Test(arguments: [
    ("F64", ElementType.float64), ("F32", .float32), ("F16", .float16), ("BF16", .bfloat16), ("I64", .int64),
    ("I32", .int32), ("I16", .int16), ("I8", .int8), ("U64", .uint64), ("U32", .uint32), ("U16", .uint16),
    ("U8", .uint8), ("BOOL", .bool),
  ])
  func everyTypeIsReadFromAnOddStart(_ name: String, _ elementType: ElementType) throws {
    let tensor = try open("types.safetensors").read(name)
    #expect(tensor.elementType == elementType)
    #expect(tensor.shape.dimensions == [3, 1])
    let isSigned = !name.hasPrefix("U") && name != "BOOL"
    #expect(tensor.floats() == [isSigned || name == "BF16" ? -1 : 1, 0, 1])
  }

  @Test func emptyTensorsAndScalarsAreRead() throws {
    let source = try open("types.safetensors")
    #expect(try source.read("empty").shape.dimensions == [0, 4])
    #expect(try source.read("scalar").floats() == [2.5])
    #expect(source.catalog.first?.name == "odd")
    #expect(source.catalog.count == 16)
  }

  @Test func fileOfThePackageIsRead() throws {
    let source = try open("package.safetensors")
    #expect(try source.read("b.weight").floats() == [0, 1, 2, 3, 4, 5])
    #expect(try source.read("b.weight").shape.dimensions == [2, 3])
    #expect(try source.read("half").floats() == [0, 1, 2, 3, 4, 5])
    #expect(try source.read("a.bias").integers() == [7, -8])
  }

  @Test func fileWithoutTensorsIsEmpty() throws {
    #expect(try open("none.safetensors").catalog.isEmpty)
  }

  @Test func indexJoinsItsFiles() throws {
    let source = try open("shards/model.safetensors.index.json")
    #expect(source.catalog.map(\.name) == ["first", "second", "third"])
    #expect(try source.read("first").floats() == [1, 2])
    #expect(try source.read("second").floats() == [3, 4])
    #expect(try source.read("third").floats() == [1, 2])
    let folder = SourceFixture.path("shards", format: "safetensors")
    #expect(
      source.files == [
        "\(folder)/model.safetensors.index.json", "\(folder)/a-00001-of-00002.safetensors",
        "\(folder)/b/a-00002-of-00002.safetensors",
      ])
  }

  @Test func shardBehindALinkOutOfTheFolderIsRefused() throws {
    let folder = try TemporaryFolder()
    try folder.link(
      "one.safetensors", to: SourceFixture.path("invalid/one.safetensors", format: "safetensors"))
    let index = try folder.write(
      Array(#"{"weight_map": {"first": "one.safetensors"}}"#.utf8), to: "model.safetensors.index.json")
    let error = refusal { () throws(InterchangeError) in try SourceCollection.open([index]) }
    #expect(error?.rule == .linkLeavesFolder)
    #expect(error?.path == "\(folder.path)/one.safetensors")
  }
}
