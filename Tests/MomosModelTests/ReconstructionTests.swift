import MomosModel
import Testing

/// Cases small enough to compute by hand; fixtures/valid holds many more, computed by numpy.
struct ReconstructionTests {
  private func dictionary(
    _ values: [Float], motifCount: Int, blockLength: Int, isOverlapping: Bool = false,
    isAntipodal: Bool = false
  ) throws -> MotifDictionary {
    MotifDictionary(
      motifCount: motifCount, blockLength: blockLength, isOverlapping: isOverlapping,
      elementType: .float32, isAntipodal: isAntipodal, values: try Bytes(copying: values))
  }

  private func stage(_ dictionary: MotifDictionary, _ indices: [UInt16], rows: Int) throws -> Stage {
    Stage(
      dictionary: dictionary,
      mosaic: try Mosaic(
        packing: indices, rowCount: rows, blockCount: indices.count / rows,
        blockLength: dictionary.blockLength, indexWidth: dictionary.indexWidth))
  }

  @Test func overlappingBlocksAddThePreviousSecondHalf() throws {
    let motifs = try dictionary(
      [1, 2, 10, 20, 3, 4, 30, 40], motifCount: 2, blockLength: 2, isOverlapping: true)
    let tensor = MosaicTensor(
      elementType: .float32, shape: try Shape([2, 3]), view: .lastAxisIsInput(rank: 2),
      parts: [MosaicPart(stages: [try stage(motifs, [0, 1, 1, 0], rows: 2)])])
    // Row 0: (1, 2), then (3 + 10) with the short last block; row 1: (3, 4), then (1 + 30).
    #expect(try Reconstruction(tensor).dense().floats() == [1, 2, 13, 3, 4, 31])
  }

  @Test func stagesWithDifferentBlockLengthsAddAndScale() throws {
    let long = try dictionary([1, 2, 3, 4], motifCount: 1, blockLength: 4)
    let short = try dictionary([10, 20, -10, -20], motifCount: 2, blockLength: 2)
    let tensor = MosaicTensor(
      elementType: .float32, shape: try Shape([1, 4]), view: .lastAxisIsInput(rank: 2),
      parts: [
        MosaicPart(
          stages: [try stage(long, [0], rows: 1), try stage(short, [0, 1], rows: 1)],
          rowScale: try Tensor(rounding: [2], to: .float16, shape: Shape(vector: 1)))
      ])
    #expect(try Reconstruction(tensor).dense().floats() == [22, 44, -14, -32])
  }

  // One motif needs no indices: 16 bytes describe 2^48 weights, more than an address space holds.
  @Test(arguments: [Composition.sum, .copy])
  func weightsBeyondMemoryAreRefused(composition: Composition) throws {
    let side = 1 << 24
    let motif = try dictionary([1, 2, 3, 4], motifCount: 1, blockLength: 4)
    let mosaic = Mosaic(
      rowCount: side, blockCount: side / 4, blockLength: 4, indexWidth: 0, layout: .rowMajor, bytes: Bytes())
    let tensor = MosaicTensor(
      elementType: .float32, shape: try Shape([side, side]), view: .lastAxisIsInput(rank: 2),
      composition: composition, parts: [MosaicPart(stages: [Stage(dictionary: motif, mosaic: mosaic)])])
    #expect(throws: ModelError.allocationFailed(byteCount: 1 << 50)) { try Reconstruction(tensor).dense() }
  }

  @Test func partsAndOutliersLandAtTheirPositions() throws {
    let ones = try dictionary([1, 1], motifCount: 1, blockLength: 2)
    let twos = try dictionary([2, 2], motifCount: 1, blockLength: 2)
    let tensor = MosaicTensor(
      elementType: .float32, shape: try Shape([2, 4]), view: .lastAxisIsInput(rank: 2),
      parts: [
        MosaicPart(rows: [0], columns: [1, 3], stages: [try stage(ones, [0], rows: 1)]),
        MosaicPart(rows: [1], columns: [0], stages: [try stage(twos, [0], rows: 1)]),
      ], outliers: Outliers(rows: [0, 1], columns: [3, 2], values: [0.5, 7]))
    #expect(try Reconstruction(tensor).dense().floats() == [0, 1, 0, 1.5, 2, 0, 7, 0])
  }

  @Test func copyKeepsNegativeZeroAndSumDoesNot() throws {
    let motifs = try dictionary([-0.0, 1], motifCount: 1, blockLength: 2)
    let part = MosaicPart(stages: [try stage(motifs, [0], rows: 1)])
    let shape = try Shape([1, 2])
    let view = MatrixView.lastAxisIsInput(rank: 2)
    let copied = MosaicTensor(
      elementType: .float32, shape: shape, view: view, composition: .copy, parts: [part])
    let summed = MosaicTensor(elementType: .float32, shape: shape, view: view, parts: [part])
    #expect(try Reconstruction(copied).dense().bytes.array(of: UInt32.self)[0] == 0x8000_0000)
    #expect(try Reconstruction(summed).dense().bytes.array(of: UInt32.self)[0] == 0)
  }

  @Test func firstAxisInputTransposes() throws {
    let motifs = try dictionary([1, 2, 3, 4], motifCount: 2, blockLength: 2)
    let tensor = MosaicTensor(
      elementType: .float32, shape: try Shape([2, 2]), view: .firstAxisIsInput(rank: 2),
      parts: [MosaicPart(stages: [try stage(motifs, [0, 1], rows: 2)])])
    // The matrix rows (1, 2) and (3, 4) are the columns of the tensor.
    #expect(try Reconstruction(tensor).dense().floats() == [1, 3, 2, 4])
  }
}
