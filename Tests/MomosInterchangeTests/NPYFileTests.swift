import FoundationEssentials
import MomosModel
import Testing

@testable import MomosInterchange

struct NPYFileTests {
  /// The element types by numpy's names.
  static let elementTypes: [(String, ElementType)] = [
    ("b1", .bool), ("f2", .float16), ("f4", .float32), ("f8", .float64), ("i1", .int8), ("i2", .int16),
    ("i4", .int32), ("i8", .int64), ("u1", .uint8), ("u2", .uint16), ("u4", .uint32), ("u8", .uint64),
  ]

  /// The bytes of the six values that the generating script states, row-major and little-endian.
  private func expectedBytes(_ elementType: ElementType) throws -> Bytes {
    let floats: [Double] = [-1.5, -0.25, 0, 0.5, 1, 65504]
    func integers<Integer: FixedWidthInteger & BitwiseCopyable>(_ type: Integer.Type) throws -> Bytes {
      try Bytes(copying: [Integer.min, Integer.max, 0, 1, 2, 3])
    }
    switch elementType {
    case .bool: return try Bytes(copying: [0, 1, 1, 0, 0, 1] as [UInt8])
    case .float16: return try Bytes(copying: floats.map { Float16($0) })
    case .float32: return try Bytes(copying: floats.map { Float($0) })
    case .float64: return try Bytes(copying: floats)
    case .int8: return try integers(Int8.self)
    case .int16: return try integers(Int16.self)
    case .int32: return try integers(Int32.self)
    case .int64: return try integers(Int64.self)
    case .uint8: return try integers(UInt8.self)
    case .uint16: return try integers(UInt16.self)
    case .uint32: return try integers(UInt32.self)
    case .uint64: return try integers(UInt64.self)
    case .bfloat16: preconditionFailure("numpy has no bfloat16")
    }
  }

  @Test(arguments: elementTypes, ["little", "big", "fortran"])
  func everyElementTypeAndOrderIsRead(_ type: (String, ElementType), _ order: String) throws {
    let tensor = try NPYFile(path: SourceFixture.path("types/\(type.0)-\(order).npy")).tensor()
    #expect(tensor.elementType == type.1)
    #expect(tensor.shape.dimensions == [2, 3])
    #expect(tensor.bytes == (try expectedBytes(type.1)))
  }

  @Test(arguments: ["cube-fortran", "cube-fortran-big"])
  func fortranOrderOfThreeAxesIsReordered(_ name: String) throws {
    let tensor = try NPYFile(path: SourceFixture.path("shapes/\(name).npy")).tensor()
    #expect(tensor.shape.dimensions == [2, 3, 4])
    #expect(tensor.integers() == Array(0..<24))
  }

  @Test func scalarHasRankZero() throws {
    let tensor = try NPYFile(path: SourceFixture.path("shapes/scalar.npy")).tensor()
    #expect(tensor.shape.dimensions == [])
    #expect(tensor.floats() == [42.5])
  }

  @Test func emptyTensorIsRead() throws {
    let tensor = try NPYFile(path: SourceFixture.path("shapes/empty.npy")).tensor()
    #expect(tensor.shape.dimensions == [0, 3])
    #expect(tensor.floats() == [])
  }

  @Test(arguments: 1...3)
  func everyVersionIsRead(_ version: Int) throws {
    let tensor = try NPYFile(path: SourceFixture.path("versions/\(version).npy")).tensor()
    #expect(tensor.floats() == [0, 1, 2, 3])
  }

  @Test(arguments: ["object", "structured", "bytes", "text", "complex", "datetime", "void"])
  func otherElementTypesAreRefusedByName(_ name: String) throws {
    let path = SourceFixture.path("refused/\(name).npy")
    let error = try #require(refusal { () throws(InterchangeError) in try NPYFile(path: path) })
    #expect(error.rule == .npyElementType)
    #expect(error.path == path)
    #expect(error.place == "npy header: descr")
    let words = [
      "object": "Python objects", "structured": "a structured type", "bytes": "text", "text": "text",
      "complex": "complex numbers", "datetime": "dates", "void": "bfloat16",
    ]
    #expect(error.found.contains(try #require(words[name])))
  }

  @Test func dataInOurOrderAreNotCopied() throws {
    let file = Bytes(try SourceFixture.content("types/f4-little.npy"))
    let tensor = try NPYFile(file).tensor()
    #expect(tensor.bytes.isIdentical(to: file[128..<152]))
  }

  @Test func misalignedDataAreCopied() throws {
    let content = try SourceFixture.content("types/f4-little.npy")
    let tensor = try NPYFile(Bytes([0] + content)[1..<content.count + 1]).tensor()
    #expect(tensor.floats() == [-1.5, -0.25, 0, 0.5, 1, 65504])
  }

  @Test func emptyDataAtAnOddOffsetAreAligned() throws {
    let file = NPYHeaderTests.file("{'descr':'<f8','fortran_order':False,'shape':(0,)}")
    #expect(file.count % 8 != 0)
    #expect(try NPYFile(Bytes(file)).tensor().floats() == [])
  }

  @Test(arguments: [(-1, InterchangeError.Rule.dataTruncated), (1, .dataTrailing)])
  func dataMustFillTheFileExactly(_ difference: Int, _ rule: InterchangeError.Rule) throws {
    let content = try SourceFixture.content("types/f4-little.npy")
    let changed = Array((content + [0]).prefix(content.count + difference))
    let error = try #require(refusal { () throws(InterchangeError) in try NPYFile(Bytes(changed)) })
    #expect(error.rule == rule)
    #expect(error.expected == "24 bytes for f32[2, 3]")
    #expect(error.found == "\(24 + difference)")
  }

  @Test func boolOtherThanZeroOrOneIsRefused() throws {
    var content = try SourceFixture.content("types/b1-little.npy")
    content[content.count - 2] = 2
    let file = try NPYFile(Bytes(content))
    let error = try #require(refusal { () throws(InterchangeError) in try file.tensor() })
    #expect(error.rule == .boolValue)
    #expect(error.place == "data: element 4")
  }

  @Test(arguments: elementTypes)
  func writtenFileIsThatOfNumpy(_ type: (String, ElementType)) throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/written.npy"
    let original = SourceFixture.path("types/\(type.0)-little.npy")
    try NPYFile.write(NPYFile(path: original).tensor(), to: path)
    #expect(Bytes(try SourceFixture.content("types/\(type.0)-little.npy")) == (try SourceFile.map(path)))
    #expect(try folder.names() == ["written.npy"])
  }

  @Test func bfloat16IsWrittenAsFloat32() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/written.npy"
    // More than one chunk of 2^16; every bit pattern of a positive number below 2.
    let values = (0..<100_000).map { Float(bfloat16Bits: UInt16($0 % 0x4000)) }
    try NPYFile.write(Tensor(rounding: values, to: .bfloat16, shape: Shape(vector: values.count)), to: path)
    let tensor = try NPYFile(path: path).tensor()
    #expect(tensor.elementType == .float32)
    #expect(tensor.floats() == values)
  }

  @Test func refusedOutputLeavesNothingBehind() throws {
    let folder = try TemporaryFolder()
    let tensor = try Tensor([1] as [Float], shape: Shape(vector: 1))
    let missing = "\(folder.path)/missing/w.npy"
    let inMissing = refusal { () throws(InterchangeError) in try NPYFile.write(tensor, to: missing) }
    #expect(inMissing?.rule == .outputNotWritable)
    #expect(inMissing?.path == missing)
    let onFolder = refusal { () throws(InterchangeError) in try NPYFile.write(tensor, to: folder.path) }
    #expect(onFolder?.rule == .outputNotWritable)
    #expect(refusal { () throws(InterchangeError) in try NPYFile.write(tensor, to: "/dev/full") } != nil)
    #expect(try folder.names() == [])
  }

  /// While it is written, so that a process that ends leaves nothing; a system without nameless files shows a name.
  @Test(arguments: [(false, ["w.npy"]), (true, ["w.npy", "w.npy.partial"])])
  func abandonedOutputIsRemovedAndKeepsTheOldFile(hasName: Bool, meanwhile: [String]) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write([7], to: "w.npy")
    do {
      var file = try OutputFile(path: path, hasName: hasName)
      try file.write(Bytes([1, 2, 3]))
      #expect(try folder.names() == meanwhile)
    }
    #expect(try folder.names() == ["w.npy"])
    #expect(try SourceFile.map(path) == Bytes([7]))
  }

  @Test(arguments: [false, true], [false, true])
  func completeOutputAppearsAndReplaces(hasName: Bool, replaces: Bool) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write([7], to: "w.npy")
    if !replaces { try FileManager.default.removeItem(atPath: path) }
    var file = try OutputFile(path: path, hasName: hasName)
    try file.write(Bytes([1, 2, 3]))
    try file.commit()
    #expect(try folder.names() == ["w.npy"])
    #expect(try SourceFile.map(path) == Bytes([1, 2, 3]))
  }

  @Test func filesOfOthersWithSimilarNamesStay() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write([7], to: "w.npy")
    for name in ["w.npy.partial", "w.npy.partial-1"] { _ = try folder.write([8], to: name) }
    try NPYFile.write(Tensor([1] as [Float], shape: Shape(vector: 1)), to: path)
    #expect(try folder.names() == ["w.npy", "w.npy.partial", "w.npy.partial-1"])
    #expect(try SourceFile.map("\(folder.path)/w.npy.partial-1") == Bytes([8]))
  }
}
