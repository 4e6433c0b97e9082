import MomosKernels
import MomosModel
import Testing

/// The table kernels of classes `fast` and `fastest` against float64 sums over reconstructed weights.
struct LookupMultiplierTests {
  typealias Form = PartMultiplierTests.Form

  static let forms = [2, 4, 8, 16].flatMap { blockLength in
    [(16, false), (64, false), (256, false), (256, true)].flatMap { motifCount, isAntipodal in
      [false, true].map {
        Form(blockLength: blockLength, motifCount: motifCount, isOverlapping: $0, isAntipodal: isAntipodal)
      }
    }
  }

  /// Largest error of one stage on normal inputs, and of everything else (momos_lut.h).
  private let singleBound = 2e-4
  private let bound = 5e-4
  private let fastestBound = 3e-2

  @Test(.enabled(if: InstructionSet.looksUpInVectors), arguments: forms)
  func oneStageStaysWithinItsBound(form: Form) throws {
    for (rows, columns) in [(300, 515), (128, 37), (1000, 256)] {
      let part = try RandomPart((rows, columns), forms: [form], hasRowScale: true).tiled()
      #expect(try part.relativeLookupError(part.input(batch: 3), batch: 3) < singleBound)
    }
  }

  @Test(
    .enabled(if: InstructionSet.looksUpInVectors),
    arguments: [
      [(8, 256), (8, 256)], [(16, 256), (8, 256)], [(8, 256), (4, 16)], [(8, 256), (4, 64)],
      [(8, 256), (4, 256)], [(4, 256), (4, 64)], [(8, 256), (4, 256), (4, 16)],
    ])
  func stagesAddWithinTheirBound(stages: [(Int, Int)]) throws {
    let forms = stages.map { Form(blockLength: $0.0, motifCount: $0.1) }
    let part = try RandomPart((400, 700), forms: forms, hasRowScale: false).tiled()
    #expect(try part.relativeLookupError(part.input(batch: 2), batch: 2) < bound)
  }

  @Test(.enabled(if: InstructionSet.looksUpInVectors))
  func outlierChannelsStayWithinTheBound() throws {
    let part = try RandomPart((512, 1024), forms: [Self.forms[3]], hasRowScale: true).tiled()
    var input = part.input(batch: 2)
    for position in stride(from: 0, to: input.count, by: 100) { input[position] *= 30 }
    #expect(try part.relativeLookupError(input, batch: 2) < bound)
  }

  @Test(.enabled(if: InstructionSet.looksUpInVectors), arguments: forms)
  func onePlaneStaysWithinItsBound(form: Form) throws {
    let part = try RandomPart((300, 1030), forms: [form], hasRowScale: true).tiled()
    var input = part.input(batch: 2)
    let error = try part.relativeLookupError(input, batch: 2, precision: .fastest)
    #expect(error < fastestBound)
    #expect(error > bound, "two planes were used")
    for position in stride(from: 0, to: input.count, by: 100) { input[position] *= 30 }
    #expect(try part.relativeLookupError(input, batch: 2, precision: .fastest) < fastestBound)
  }

  @Test(.enabled(if: InstructionSet.looksUpInVectors))
  func oneLargeInputDoesNotDrownTheOthersInOnePlane() throws {
    let part = try RandomPart((256, 256), forms: [Self.forms[4]], hasRowScale: false).tiled()
    var input = part.input(batch: 1)
    input[100] = 1000
    #expect(try part.relativeLookupError(input, batch: 1, precision: .fastest) < bound)
  }

  @Test(.enabled(if: InstructionSet.looksUpInVectors))
  func resultsDoNotDependOnTheThreadCount() throws {
    let part = try RandomPart((1000, 515), forms: [Self.forms[0]], hasRowScale: true).tiled()
    for batch in [1, 2, 33] {
      let input = part.input(batch: batch)
      let expected = try part.lookupProduct(input, batch: batch, threadCount: 1)
      for threads in [2, 3] {
        #expect(try part.lookupProduct(input, batch: batch, threadCount: threads) == expected)
      }
    }
  }

  @Test(.enabled(if: InstructionSet.looksUpInVectors))
  func nonfiniteInputsGiveNaN() throws {
    let part = try RandomPart((130, 300), forms: [Self.forms[0]], hasRowScale: false).tiled()
    for value in [Float.nan, .infinity] {
      var input = part.input(batch: 1)
      input[290] = value
      #expect(try part.lookupProduct(input, batch: 1, threadCount: 1).allSatisfy(\.isNaN))
    }
  }

  @Test(.enabled(if: InstructionSet.looksUpInVectors))
  func unalignedMosaicsAreCopied() throws {
    let part = try RandomPart((130, 300), forms: [Self.forms[0]], hasRowScale: false).tiled()
    let stage = part.tensor.parts[0].stages[0]
    let shifted = try Bytes(copying: [0] + stage.mosaic.bytes.array(of: UInt8.self))
    let mosaic = Mosaic(
      rowCount: 130, blockCount: stage.mosaic.blockCount, blockLength: stage.mosaic.blockLength,
      indexWidth: stage.mosaic.indexWidth, layout: stage.mosaic.layout, bytes: shifted[1..<shifted.count])
    let multiplier = try #require(
      try LookupMultiplier(
        rows: 130, columns: 300, stages: [(mosaic, ExecutableDictionary(stage.dictionary))], rowScale: nil,
        precision: .fast))
    let input = part.input(batch: 1)
    var output = [Float](repeating: 0, count: 130)
    var span = output.mutableSpan
    try multiplier.multiply(input.span, batch: 1, into: &span, pool: ThreadPool(threadCount: 1))
    #expect(try output == part.lookupProduct(input, batch: 1, threadCount: 1))
  }

  @Test func rowMajorMosaicsAreLeftToTheExactKernels() throws {
    let part = try RandomPart((130, 300), forms: [Self.forms[0]], hasRowScale: false)
    let stage = part.tensor.parts[0].stages[0]
    #expect(
      try LookupMultiplier(
        rows: 130, columns: 300, stages: [(stage.mosaic, ExecutableDictionary(stage.dictionary))],
        rowScale: nil, precision: .fast) == nil)
  }
}
