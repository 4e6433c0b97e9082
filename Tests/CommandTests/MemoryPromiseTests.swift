import Momos
import MomosTestSupport
import Testing

/// A mosaic is multiplied as it lies in the file: the dense matrix is never rebuilt.
@Suite(.disabled(if: Sanitizer.isActive))
struct MemoryPromiseTests {
  @Test func largeMatrixIsMultipliedInAQuarterOfItsDenseSize() throws {
    // 64 MB of indices; the dense matrix has 1 GB.
    let side = 16_384
    let folder = try TestFolder()
    try RandomMosaic.write(side: side, to: folder.file("large.momos"))
    let input = try RandomMosaic.writeInput(side: side, in: folder)
    try Command.run(
      ["large.momos", "--tensor", "w", "--input", "x.npy", "--output", "y.npy", "--threads", "1"],
      in: folder, limit: .addressSpace(256 << 20)
    ).expectSuccess()

    // The same product in this process, where the motif products are counted.
    var options = SessionOptions()
    options.threadCount = 1
    let multiplier = try TensorMultiplier(
      path: folder.file("large.momos"), tensor: "w", options: options)
    let (output, products) = try multiplier.multiply(input)
    let blocksPerRow = side / RandomMosaic.blockLength
    #expect(products == blocksPerRow * RandomMosaic.motifCount)
    #expect(products * 32 < side * blocksPerRow)
    #expect(try folder.bytes(of: "y.npy").suffix(4 * side) == output.bytes.array(of: UInt8.self)[...])
  }

  @Test(arguments: [1, 2])
  func motifProductsAreCountedForEveryVectorAndStage(batch: Int) throws {
    let folder = try TestFolder()
    let path = try Digits.convert(
      into: folder, ["--stages", "2", "--motifs", "16", "--block-length", "16"])
    var options = SessionOptions()
    options.threadCount = 1
    let multiplier = try TensorMultiplier(path: path, tensor: "fc2.weight", options: options)
    let input = try Tensor([Float](repeating: 1, count: batch * 256), shape: Shape([batch, 256]))
    // Two stages, 16 blocks in a row, 16 motifs.
    #expect(try multiplier.multiply(input).motifProducts == batch * 2 * 16 * 16)
  }
}
