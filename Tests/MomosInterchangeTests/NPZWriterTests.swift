import FoundationEssentials
import MomosModel
import Testing

@testable import MomosInterchange

/// Archives that are written; the reader is tested against those of numpy.
struct NPZWriterTests {
  private func content(of path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(filePath: path)))
  }

  @Test func tensorsAreReadBack() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/w.npz"
    let tensors: KeyValuePairs<String, Tensor> = [
      "layer/weight": try Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: Shape([2, 3])),
      "Größe": try Tensor([-1] as [Int64], shape: Shape([])),
      "half": try Tensor(rounding: [0.5], to: .float16, shape: Shape([1])),
      "empty": Tensor(elementType: .float64, shape: Shape(vector: 0), bytes: Bytes()),
      "flags": Tensor(
        elementType: .bool, shape: Shape(vector: 3), bytes: try Bytes(copying: [1, 0, 1] as [UInt8])),
    ]
    var writer = try NPZWriter(path: path)
    for (name, tensor) in tensors { try writer.add(tensor, name: name) }
    try writer.finish()
    let archive = try SourceCollection.open([path])
    #expect(archive.catalog.map(\.name) == tensors.map(\.key))
    for (name, tensor) in tensors { #expect(try archive.read(name) == tensor) }
    #expect(try folder.names() == ["w.npz"])
  }

  /// Local headers end, and data begin, at multiples of 64, the npy header being one too.
  @Test func dataAreAligned() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/w.npz"
    var writer = try NPZWriter(path: path)
    for length in 1...20 {
      let name = String(repeating: "n", count: length)
      try writer.add(Tensor([Float](repeating: 7, count: length), shape: Shape([length])), name: name)
    }
    try writer.finish()
    let bytes = try content(of: path)
    let starts = bytes.indices.filter { bytes[$0...].starts(with: [0x93] + Array("NUMPY".utf8)) }
    #expect(starts.count == 20 && starts.allSatisfy { $0 % 64 == 0 })
  }

  @Test func emptyArchiveIsTwentyTwoBytes() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/w.npz"
    try NPZWriter(path: path).finish()
    #expect(try content(of: path) == [0x50, 0x4B, 5, 6] + [UInt8](repeating: 0, count: 18))
  }

  /// More members than 16 bits count.
  @Test func manyMembersAreRead() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/w.npz"
    let tensor = Tensor(elementType: .bool, shape: Shape(vector: 0), bytes: Bytes())
    var writer = try NPZWriter(path: path)
    for number in 0..<65_536 { try writer.add(tensor, name: "\(number)") }
    try writer.finish()
    let archive = try SourceCollection.open([path])
    #expect(archive.catalog.count == 65_536 && archive.catalog[65_535].name == "65535")
  }

  @Test func unfinishedArchiveLeavesTheOldOne() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write([1, 2, 3], to: "w.npz")
    do {
      var writer = try NPZWriter(path: path)
      try writer.add(Tensor([1] as [Float], shape: Shape([1])), name: "w")
    }
    #expect(try content(of: path) == [1, 2, 3])
    #expect(try folder.names() == ["w.npz"])
  }

  @Test(arguments: ["", "a\0b", String(repeating: "n", count: 1025)])
  func impossibleNameIsRefused(_ name: String) throws {
    let folder = try TemporaryFolder()
    var writer = try NPZWriter(path: "\(folder.path)/w.npz")
    let error = refusal { () throws(InterchangeError) in
      try writer.add(Tensor(elementType: .bool, shape: Shape(vector: 0), bytes: Bytes()), name: name)
    }
    #expect(error?.rule == .tensorName)
  }

  @Test func folderThatIsMissingIsRefused() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/none/w.npz"
    let error = refusal { () throws(InterchangeError) in _ = try NPZWriter(path: path) }
    #expect(error?.rule == .outputNotWritable && error?.path == path)
  }

  @Test func archivesOfAFolderAreSorted() throws {
    let folder = try TemporaryFolder()
    for name in ["b.npz", "a.npz", ".hidden.npz", "a.npy", "c.npz.partial"] {
      _ = try folder.write([0], to: name)
    }
    #expect(
      try SourceCollection.archives(inFolder: folder.path) == [
        "\(folder.path)/a.npz", "\(folder.path)/b.npz",
      ])
    #expect(try SourceCollection.archives(inFolder: "\(folder.path)/a.npz") == nil)
    let empty = try TemporaryFolder()
    let path = empty.path
    let error = refusal { () throws(InterchangeError) in try SourceCollection.archives(inFolder: path) }
    #expect(error?.rule == .folderWithoutTensors)
  }
}
