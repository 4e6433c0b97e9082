import MomosFormat
import MomosModel
import Testing

struct RoundTripTests {
  @Test func denseAndSimpleMosaicSurvive() throws {
    let folder = try TemporaryFolder()
    let dense = try Tensor([1, -2, 0.5, 3], shape: Shape([2, 2]))
    let dictionary = MotifDictionary(
      motifCount: 2, blockLength: 4, elementType: .float32,
      values: try Bytes(copying: [1, 2, 3, 4, 5, 6, 7, 8] as [Float]))
    let mosaic = MosaicTensor(
      elementType: .float32, shape: try Shape([2, 8]), view: .lastAxisIsInput(rank: 2),
      parts: [
        MosaicPart(stages: [
          Stage(
            dictionary: dictionary,
            mosaic: try Mosaic(packing: [0, 1, 1, 0], rowCount: 2, blockCount: 2, indexWidth: 1))
        ])
      ])
    let writer = try MomosWriter(path: folder.file("a.momos"))
    try writer.write(name: "dense", dense: dense)
    try writer.write(name: "mosaic", mosaic: mosaic)
    try writer.write(name: "alias", aliasOf: "dense")
    let summary = try writer.finish()
    let reader = try MomosReader(path: folder.file("a.momos"))
    #expect(summary.byteCount == reader.byteCount)
    guard case .dense(let readDense) = try reader.load("dense") else { throw FolderError(code: 0) }
    #expect(readDense == dense)
    guard case .mosaic(let readMosaic) = try reader.load("mosaic") else { throw FolderError(code: 0) }
    #expect(readMosaic == mosaic)
    guard case .alias("dense") = try reader.load("alias") else { throw FolderError(code: 0) }
    #expect(folder.names == ["a.momos"])
  }
}
