import FoundationEssentials
import Glibc
import MomosModel
import Testing

@testable import MomosInterchange

/// The tensors of ONNX models, against the values that tools/fixtures/make_onnx_fixtures.py stated.
struct ONNXSourceTests {
  private func source(_ name: String) throws -> SourceCollection {
    try SourceCollection.open([SourceFixture.path(name, format: "onnx")])
  }

  @Test(arguments: [
    ("FLOAT", ElementType.float32), ("DOUBLE", .float64), ("FLOAT16", .float16), ("BFLOAT16", .bfloat16),
  ])
  func floatsReadFromRawAndTypedData(_ name: String, _ elementType: ElementType) throws {
    let source = try self.source("types.onnx")
    for field in ["typed", "raw"] {
      let tensor = try source.read("\(name).\(field)")
      #expect(tensor.elementType == elementType)
      #expect(tensor.shape.dimensions == [2, 2])
      #expect(tensor.floats() == [-1.5, 0, 1, 240], "\(field)")
    }
  }

  @Test(arguments: [
    ("INT8", ElementType.int8, [-128, 0, 1, 127]), ("INT16", .int16, [-32768, 0, 1, 32767]),
    ("INT32", .int32, [-2_147_483_648, 0, 1, 2_147_483_647]), ("INT64", .int64, [Int.min, 0, 1, Int.max]),
    ("UINT8", .uint8, [0, 0, 1, 255]), ("UINT16", .uint16, [0, 0, 1, 65535]),
    ("UINT32", .uint32, [0, 0, 1, 4_294_967_295]), ("BOOL", .bool, [1, 0, 0, 1]),
  ])
  func integersReadFromRawAndTypedData(_ name: String, _ elementType: ElementType, _ values: [Int]) throws {
    let source = try self.source("types.onnx")
    for field in ["typed", "raw"] {
      let tensor = try source.read("\(name).\(field)")
      #expect(tensor.elementType == elementType)
      #expect(tensor.integers() == values, "\(field)")
    }
  }

  @Test func largestUnsignedIntegersAreRead() throws {
    let source = try self.source("types.onnx")
    for field in ["typed", "raw"] {
      #expect(try source.read("UINT64.\(field)").bytes.array(of: UInt64.self) == [0, 0, 1, .max])
    }
  }

  @Test func emptyTensorsAndScalarsAreRead() throws {
    let source = try self.source("empty.onnx")
    #expect(source.catalog.map(\.name) == ["none", "raw", "scalar"])
    #expect(source.catalog.map(\.shape.dimensions) == [[0, 3], [2, 0], []])
    #expect(try source.read("none").bytes.count == 0)
    #expect(try source.read("scalar").floats() == [2.5])
  }

  @Test func weightsAloneHaveNoGraph() throws {
    #expect(try source("types.onnx").graph() == nil)
  }

  /// Protobuf allows repeated numbers one by one and in several runs.
  @Test func unpackedDataAreRead() throws {
    let source = try self.source("unpacked.onnx")
    #expect(try source.read("single").floats() == [1.5, -2])
    #expect(try source.read("runs").floats() == [1.5, -2])
    #expect(try source.read("integers").integers() == [-3, 4, 1 << 62])
  }

  @Test func rawDataAreNotCopiedWhereTheyAreAligned() throws {
    let content = try SourceFixture.content("types.onnx", format: "onnx")
    let file = Bytes(content)
    let source = try ONNXSource(file, path: SourceFixture.path("types.onnx", format: "onnx"))
    // Elements of one byte are aligned everywhere.
    let bytes = try source.read("UINT8.raw").bytes
    let start = try #require(position(of: [0x4A, 4, 0, 0, 1, 255], in: content)) + 2
    #expect(bytes.isIdentical(to: file[start..<start + 4]))
  }

  @Test func externalDataAreReadFromTheModelsFolder() throws {
    let source = try self.source("external/model.onnx")
    #expect(try source.read("first").floats() == [0, 1, 2, 3])
    #expect(try source.read("second").floats() == [8, 9, 10, 11, 12, 13, 14, 15])
    #expect(try source.read("rest").floats() == [-1, -2])
    #expect(try source.read("odd").floats() == [1, 2, 3])
    let folder = SourceFixture.path("external", format: "onnx")
    #expect(source.files == ["model.onnx", "data.bin", "sub/more.bin"].map { "\(folder)/\($0)" })
  }

  /// A copy of the model with external data, whose folder can be changed.
  private func copyExternal(to folder: borrowing TemporaryFolder) throws -> String {
    for name in ["data.bin", "model.onnx", "sub/more.bin"] {
      let content = try SourceFixture.content("external/\(name)", format: "onnx")
      try FileManager.default.createDirectory(
        atPath: "\(folder.path)/inner/sub", withIntermediateDirectories: true)
      _ = try folder.write(content, to: "inner/\(name)")
    }
    return "\(folder.path)/inner/model.onnx"
  }

  @Test func linkInsideTheFolderIsFollowed() throws {
    let folder = try TemporaryFolder()
    let path = try copyExternal(to: folder)
    try FileManager.default.moveItem(
      atPath: "\(folder.path)/inner/data.bin", toPath: "\(folder.path)/inner/sub/moved.bin")
    try folder.link("inner/data.bin", to: "sub/moved.bin")
    #expect(try SourceCollection.open([path]).read("first").floats() == [0, 1, 2, 3])
  }

  @Test(arguments: ["inner/data.bin", "inner/sub"])
  func linkOutOfTheFolderIsRefused(_ link: String) throws {
    let folder = try TemporaryFolder()
    let path = try copyExternal(to: folder)
    try FileManager.default.moveItem(atPath: "\(folder.path)/\(link)", toPath: "\(folder.path)/outside")
    try folder.link(link, to: "\(folder.path)/outside")
    let error = refusal { () throws(InterchangeError) in try SourceCollection.open([path]) }
    #expect(error?.rule == .linkLeavesFolder)
  }

  /// The folder's own path may hold links.
  @Test func folderBehindALinkIsItself() throws {
    let folder = try TemporaryFolder()
    _ = try copyExternal(to: folder)
    try folder.link("link", to: "inner")
    let source = try SourceCollection.open(["\(folder.path)/link/model.onnx"])
    #expect(try source.read("rest").floats() == [-1, -2])
  }

  @Test func hardLinkIsRefused() throws {
    let folder = try TemporaryFolder()
    let path = try copyExternal(to: folder)
    try FileManager.default.linkItem(
      atPath: "\(folder.path)/inner/data.bin", toPath: "\(folder.path)/secret.bin")
    let error = refusal { () throws(InterchangeError) in try SourceCollection.open([path]) }
    #expect(error?.rule == .onnxHardLink)
    #expect(error?.path == "\(folder.path)/inner/data.bin")
  }

  @Test func dataThatShrinkAfterOpeningAreRefused() throws {
    let folder = try TemporaryFolder()
    let path = try copyExternal(to: folder)
    let source = try SourceCollection.open([path])
    _ = try folder.write([1, 2, 3, 4], to: "inner/data.bin")
    let error = refusal { () throws(InterchangeError) in try source.read("first") }
    #expect(error?.rule == .fileChanged)
  }

  /// Protobuf itself ends at 2 GB; external data do not.
  @Test func externalDataBeyondFourGigabytesAreRead() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(SourceFixture.content("far.onnx", format: "onnx"), to: "far.onnx")
    _ = try folder.write([], to: "far.bin")
    let file = unsafe open("\(folder.path)/far.bin", O_WRONLY)
    defer { close(file) }
    let written = unsafe [Float]([1, -2, 3, 4]).withUnsafeBytes { values in
      unsafe pwrite(file, values.baseAddress, values.count, 5_000_000_000)
    }
    try #require(written == 16)
    #expect(try SourceCollection.open([path]).read("far").floats() == [1, -2, 3, 4])
  }

  /// A message of two bytes may not become a node of hundreds without end.
  @Test func tooManyMessagesAreRefusedBeforeTheyAreParsed() {
    let node: [UInt8] = [0x0A, 0x00]
    let count = ONNXScan.maximumMessageCount
    let graph = Array([[UInt8]](repeating: node, count: count).joined())
    let length = graph.count
    let prefix: [UInt8] = [0x08, 0x08, 0x3A] + varint(length)
    let error = refusal { () throws(InterchangeError) in try ONNXSource(Bytes(prefix + graph), path: "m.onnx")
    }
    #expect(error?.rule == .onnxTooLarge)
  }

  @Test func unpackedValuesAreCounted() {
    let value: [UInt8] = [0x38, 0x00]
    let count = ONNXScan.maximumDataFieldCount + 1
    let tensor = Array([[UInt8]](repeating: value, count: count).joined())
    let graph = [0x2A] + varint(tensor.count) + tensor
    let model: [UInt8] = [0x08, 0x08, 0x3A] + varint(graph.count) + graph
    let error = refusal { () throws(InterchangeError) in try ONNXSource(Bytes(model), path: "m.onnx") }
    #expect(error?.rule == .onnxTooLarge)
  }

  /// Subgraphs and sequences of sequences, a hundred thousand deep: nothing recurses into them.
  @Test(arguments: [false, true])
  func nestingHasNoDepth(_ inTypes: Bool) {
    var content: [UInt8] = []
    for _ in 0..<3000 {
      if inTypes {
        content = [0x0A] + varint(content.count) + content  // Sequence.elem_type
        content = [0x22] + varint(content.count) + content  // Type.sequence_type
      } else {
        content = [0x32] + varint(content.count) + content  // Attribute.g
        content = [0x2A] + varint(content.count) + content  // Node.attribute
        content = [0x0A] + varint(content.count) + content  // Graph.node
      }
    }
    if inTypes {
      content = [0x12] + varint(content.count) + content  // Value.type
      content = [0x0A, 0x00, 0x5A] + varint(content.count) + content  // a node, Graph.input
    }
    let model: [UInt8] = [0x08, 0x08, 0x3A] + varint(content.count) + content
    let error = refusal { () throws(InterchangeError) in
      try ONNXSource(Bytes(model), path: "m.onnx").graph()
    }
    #expect(error?.rule == (inTypes ? .tensorName : .onnxAttribute))
  }

  private func varint(_ number: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = number
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }
}
