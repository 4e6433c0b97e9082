import MomosKernels
import MomosModel
import Testing

/// Execution from mosaics against float64 sums over reconstructed weights.
struct PartMultiplierTests {
  struct Form: Sendable, CustomTestStringConvertible {
    var blockLength: Int
    var motifCount: Int
    var isOverlapping = false
    var isAntipodal = false
    var testDescription: String {
      "s\(blockLength)k\(motifCount)\(isOverlapping ? " overlapping" : "")\(isAntipodal ? " antipodal" : "")"
    }
  }

  static let forms = [
    Form(blockLength: 4, motifCount: 256), Form(blockLength: 1, motifCount: 1),
    Form(blockLength: 3, motifCount: 5), Form(blockLength: 8, motifCount: 4096),
    Form(blockLength: 64, motifCount: 16), Form(blockLength: 2, motifCount: 64, isOverlapping: true),
    Form(blockLength: 4, motifCount: 256, isOverlapping: true, isAntipodal: true),
    Form(blockLength: 4, motifCount: 200, isAntipodal: true),
  ]

  @Test(arguments: forms, [(1, 1), (10, 256), (300, 37), (70, 515)])
  func productsAgreeWithReconstructedWeights(form: Form, size: (rows: Int, columns: Int)) throws {
    let part = try RandomPart(size, forms: [form], hasRowScale: true)
    let error = try part.relativeError(batch: 3, threadCount: 1)
    #expect(error < 1e-5)
  }

  @Test(
    arguments: [
      Form(blockLength: 4, motifCount: 256), Form(blockLength: 8, motifCount: 16),
      Form(blockLength: 2, motifCount: 64, isOverlapping: true),
      Form(blockLength: 16, motifCount: 256, isAntipodal: true),
    ], [(130, 37), (300, 515), (1, 16)])
  func tiledMosaicsGiveTheSameBits(form: Form, size: (rows: Int, columns: Int)) throws {
    let part = try RandomPart(size, forms: [form], hasRowScale: true)
    let input = part.input(batch: 2)
    let tiled = try part.tiled()
    #expect(
      try part.product(input, batch: 2, threadCount: 1).output
        == tiled.product(input, batch: 2, threadCount: 3).output)
  }

  @Test func stagesOfDifferentBlockLengthsAdd() throws {
    let part = try RandomPart(
      (300, 130),
      forms: [
        Form(blockLength: 16, motifCount: 256), Form(blockLength: 8, motifCount: 16),
        Form(blockLength: 4, motifCount: 64, isOverlapping: true),
      ], hasRowScale: false)
    #expect(try part.relativeError(batch: 2, threadCount: 1) < 1e-5)
  }

  @Test func resultsDoNotDependOnTheThreadCount() throws {
    let part = try RandomPart((500, 515), forms: [Self.forms[0]], hasRowScale: true)
    for batch in [1, 3, 20] {
      let input = part.input(batch: batch)
      let expected = try part.product(input, batch: batch, threadCount: 1).output
      for threads in [2, 3, 7] {
        #expect(try part.product(input, batch: batch, threadCount: threads).output == expected)
      }
    }
  }

  @Test func motifProductsAreOnePerMotifAndBlock() throws {
    let part = try RandomPart((4096, 64), forms: [Self.forms[0]], hasRowScale: false)
    let products = try part.product(part.input(batch: 1), batch: 1, threadCount: 1).products
    #expect(products == 64 / 4 * 256)
  }

  @Test func fewRowsCostOneMotifProductPerRowAndBlock() throws {
    let part = try RandomPart((10, 64), forms: [Self.forms[0]], hasRowScale: false)
    let products = try part.product(part.input(batch: 1), batch: 1, threadCount: 1).products
    #expect(products == 64 / 4 * 10)
  }
}
