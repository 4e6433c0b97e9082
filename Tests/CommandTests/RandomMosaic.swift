import Momos
import MomosTestSupport

/// A square mosaic of random indices, too large to be fitted in a test.
enum RandomMosaic {
  static let motifCount = 256
  static let blockLength = 4

  /// Writes a file with the tensor "w" `[side, side]`, whose mosaic takes side * side / 4 bytes.
  static func write(side: Int, to path: String) throws {
    var generator = SeededGenerator(seed: 4)
    let blockCount = side / blockLength
    var indices = try MutableBytes(byteCount: side * blockCount)
    var words = indices.mutableSpan(of: UInt64.self)
    for position in words.indices { words[position] = generator.next() }
    let motifs = (0..<motifCount * blockLength).map { _ in Float(generator.nextNormal()) }
    let stage = Stage(
      dictionary: MotifDictionary(
        motifCount: motifCount, blockLength: blockLength, elementType: .float32,
        values: try Bytes(copying: motifs)),
      mosaic: Mosaic(
        rowCount: side, blockCount: blockCount, blockLength: blockLength, indexWidth: 8, layout: .tileK256,
        bytes: indices.freeze()))
    let writer = try MomosWriter(path: path)
    try writer.write(
      name: "w",
      mosaic: MosaicTensor(
        elementType: .float32, shape: Shape(rows: side, columns: side),
        view: .lastAxisIsInput(rank: 2), parts: [MosaicPart(stages: [stage])]))
    _ = try writer.finish()
  }

  /// Writes `x.npy`, a batch of one vector of ones, into a folder.
  @discardableResult
  static func writeInput(side: Int, in folder: TestFolder) throws -> Tensor {
    let input = try Tensor([Float](repeating: 1, count: side), shape: Shape([1, side]))
    try NPYFixture.write(input, to: folder.file("x.npy"))
    return input
  }
}
