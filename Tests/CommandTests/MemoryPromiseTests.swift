import Momos
import MomosTestSupport
import Testing

/// A mosaic is multiplied as it lies in the file: the dense matrix is never rebuilt.
struct MemoryPromiseTests {
  private static let side = 16_384
  private static let motifCount = 256
  private static let blockLength = 4

  /// A random mosaic of 64 MB whose dense matrix has 1 GB.
  private func makeFile(in folder: TestFolder) throws -> String {
    var generator = SeededGenerator(seed: 4)
    let blockCount = Self.side / Self.blockLength
    var indices = try MutableBytes(byteCount: Self.side * blockCount)
    var words = indices.mutableSpan(of: UInt64.self)
    for position in words.indices { words[position] = generator.next() }
    let motifs = (0..<Self.motifCount * Self.blockLength).map { _ in Float(generator.nextNormal()) }
    let stage = Stage(
      dictionary: MotifDictionary(
        motifCount: Self.motifCount, blockLength: Self.blockLength, elementType: .float32,
        values: try Bytes(copying: motifs)),
      mosaic: Mosaic(
        rowCount: Self.side, blockCount: blockCount, blockLength: 4, indexWidth: 8, layout: .rowMajor,
        bytes: indices.freeze()))
    let path = folder.file("large.momos")
    let writer = try MomosWriter(path: path)
    try writer.write(
      name: "w",
      mosaic: MosaicTensor(
        elementType: .float32, shape: Shape(rows: Self.side, columns: Self.side),
        view: .lastAxisIsInput(rank: 2), parts: [MosaicPart(stages: [stage])]))
    _ = try writer.finish()
    return path
  }

  @Test func largeMatrixIsMultipliedInAQuarterOfItsDenseSize() throws {
    let folder = try TestFolder()
    let path = try makeFile(in: folder)
    let x = try Tensor([Float](repeating: 1, count: Self.side), shape: Shape([1, Self.side]))
    try NPYFixture.write(x, to: folder.file("x.npy"))
    let result = try Command.run(
      [path, "--tensor", "w", "--input", folder.file("x.npy"), "--output", folder.file("y.npy")]
        + ["--threads", "1"], limit: .addressSpace(256 << 20))
    result.expectSuccess()

    // The same product in this process, where the motif products are counted.
    var options = SessionOptions()
    options.threadCount = 1
    let multiplier = try TensorMultiplier(path: path, tensor: "w", options: options)
    let (output, products) = try multiplier.multiply(x)
    #expect(products == Self.side / Self.blockLength * Self.motifCount)
    #expect(products * 32 < Self.side * Self.side / Self.blockLength)
    #expect(try folder.bytes(of: "y.npy").suffix(4 * Self.side) == output.bytes.array(of: UInt8.self)[...])
  }

  @Test(arguments: [1, 3])
  func motifProductsAreCountedForEveryVector(batch: Int) throws {
    let folder = try TestFolder()
    let path = try Digits.convert(into: folder, ["--stages", "2"])
    var options = SessionOptions()
    options.threadCount = 1
    let multiplier = try TensorMultiplier(path: path, tensor: "fc2.weight", options: options)
    let input = try Tensor([Float](repeating: 1, count: batch * 256), shape: Shape([batch, 256]))
    // Two stages, 64 blocks in a row, 256 motifs.
    #expect(try multiplier.multiply(input).motifProducts == batch * 2 * 64 * 256)
  }
}
