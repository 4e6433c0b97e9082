import MomosKernels
import MomosModel
import Testing

/// Batched products of mosaics, a few rows laid out at a time, against float64.
struct TileMultiplierTests {
  @Test(
    arguments: PartMultiplierTests.forms, [(1, 1, 4), (10, 256, 5), (300, 37, 16), (70, 1100, 7)])
  func productsAgreeWithReconstructedWeights(
    form: PartMultiplierTests.Form, size: (rows: Int, columns: Int, batch: Int)
  ) throws {
    let part = try RandomPart((size.rows, size.columns), forms: [form], hasRowScale: true)
    #expect(try part.relativeTileError(batch: size.batch) < 2e-6)
  }

  @Test(arguments: [(4, 256), (8, 16), (2, 64), (16, 256)], [(130, 37), (300, 515), (1, 16), (257, 1300)])
  func tiledMosaicsGiveTheSameBits(
    form: (blockLength: Int, motifCount: Int), size: (rows: Int, columns: Int)
  ) throws {
    for isOverlapping in [false, true] {
      let part = try RandomPart(
        size,
        forms: [
          PartMultiplierTests.Form(
            blockLength: form.blockLength, motifCount: form.motifCount, isOverlapping: isOverlapping)
        ], hasRowScale: true)
      let input = part.input(batch: 9)
      #expect(
        try part.tileProduct(input, batch: 9, threadCount: 1)
          == part.tiled().tileProduct(input, batch: 9, threadCount: 3))
    }
  }

  @Test func stagesOfDifferentBlockLengthsAdd() throws {
    let forms = [(16, 256), (8, 16), (4, 64)].map {
      PartMultiplierTests.Form(blockLength: $0.0, motifCount: $0.1, isOverlapping: $0.0 == 4)
    }
    let part = try RandomPart((300, 1130), forms: forms, hasRowScale: false)
    #expect(try part.relativeTileError(batch: 6) < 2e-6)
    #expect(try part.tiled().relativeTileError(batch: 6) < 2e-6)
  }

  /// Batches of 16 and more may be rounded to bfloat16 in class `fast`, smaller ones and class `exact` never.
  @Test(arguments: [4, 15, 16, 33])
  func fastBatchesStayWithinTheBoundOfPairs(batch: Int) throws {
    let forms = [(8, 256), (4, 16)].map { PartMultiplierTests.Form(blockLength: $0.0, motifCount: $0.1) }
    let part = try RandomPart((130, 1300), forms: forms, hasRowScale: true)
    let error = try part.relativeTileError(batch: batch, precision: .fast)
    #expect(error < (batch < 16 ? 2e-6 : 3e-3))
    if batch >= 16 && InstructionSet.multipliesPairs { #expect(error > 2e-6) }
    #expect(try part.relativeTileError(batch: batch) < 2e-6)
    let input = part.input(batch: batch)
    #expect(
      try part.tileProduct(input, batch: batch, threadCount: 1, precision: .fast)
        == part.tileProduct(input, batch: batch, threadCount: 3, precision: .fast))
  }
}
