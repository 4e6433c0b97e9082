import MomosModel
import Testing

@testable import MomosFormat

struct WorkedExampleTests {
  @Test func exampleOpensLoadsAndReconstructs() throws {
    let reader = try MomosReader(try WorkedExample.bytes())
    #expect(reader.tensors.map(\.name) == ["w"])
    guard case .mosaic(let tensor) = try reader.load("w") else {
      Issue.record("not a mosaic")
      return
    }
    let weights = try Reconstruction(tensor).dense()
    #expect(weights.elementType == .float32)
    #expect(weights.shape.dimensions == [2, 8])
    #expect(weights.floats() == [1, 2, 3, 4, -1, 0, 0.5, 0, -1, 0, 0.5, 0, -1, 0, 0.5, 0])
  }

  @Test func writerProducesTheExample() throws {
    let folder = try TemporaryFolder()
    try SampleModel.write(
      Model(tensors: [NamedTensor(name: "w", content: .mosaic(try WorkedExample.tensor()))]),
      to: folder.file("w.momos"))
    #expect(
      try MappedFile.open(folder.file("w.momos")).array(of: UInt8.self) == (try WorkedExample.bytes()))
  }
}
