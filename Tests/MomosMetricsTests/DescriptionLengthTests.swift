import MomosMetrics
import MomosModel
import Testing

/// Description lengths worked out by hand.
struct DescriptionLengthTests {
  /// A matrix [2, 8] of two blocks of 4 a row, on a dictionary of `motifCount` motifs.
  private func mosaic(_ indices: [UInt16], motifCount: Int) throws -> MosaicTensor {
    let dictionary = MotifDictionary(
      motifCount: motifCount, blockLength: 4, elementType: .float32,
      values: try Bytes(copying: [Float](repeating: 0.5, count: 4 * motifCount)))
    let mosaic = try Mosaic(
      packing: indices, rowCount: 2, blockCount: 2, blockLength: 4, indexWidth: dictionary.indexWidth)
    return MosaicTensor(
      elementType: .float32, shape: Shape(rows: 2, columns: 8), view: .lastAxisIsInput(rank: 2),
      parts: [MosaicPart(stages: [Stage(dictionary: dictionary, mosaic: mosaic)])])
  }

  @Test func denseTensorCountsItsWeightsAndDimensions() throws {
    var length = DescriptionLength()
    length.add(try Tensor([Float](repeating: 1, count: 6), shape: Shape([2, 3])))
    // 6 weights of 32 bits, 2 dimensions of 64 bits.
    #expect(length.denseBits == 192 + 128)
    #expect(length.totalBits == length.denseBits)
    #expect(length.mosaicEntropyBits == 0)
  }

  @Test func mosaicCountsDictionaryIndicesAndShapes() throws {
    var length = DescriptionLength()
    length.add(try mosaic([0, 1, 1, 2], motifCount: 3))
    length.add(dictionaryOf: 3, motifLength: 4, elementType: .float32)
    #expect(length.denseBits == 16 * 32 + 128)
    // 3 * 4 * 32 and k and s; 4 blocks at ceil(log2 3) = 2 bits; two dimensions.
    #expect(length.dictionaryBits == 384 + 128)
    #expect(length.mosaicBits == 8)
    #expect(length.totalBits == 512 + 8 + 128)
    // Frequencies 1/4, 1/2, 1/4: 1.5 bits for each of 4 blocks.
    #expect(abs(length.mosaicEntropyBits - 6) < 1e-12)
  }

  @Test func constantMosaicHasNoEntropyAndOneMotifNoIndices() throws {
    var constant = DescriptionLength()
    constant.add(try mosaic([2, 2, 2, 2], motifCount: 3))
    #expect(constant.mosaicBits == 8 && constant.mosaicEntropyBits == 0)
    var single = DescriptionLength()
    single.add(try mosaic([0, 0, 0, 0], motifCount: 1))
    #expect(single.mosaicBits == 0 && single.mosaicEntropyBits == 0)
  }
}
