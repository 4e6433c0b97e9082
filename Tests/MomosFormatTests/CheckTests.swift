import MomosModel
import MomosProtobuf
import Testing

@testable import MomosFormat

/// The checks that have algorithms of their own, against straightforward ones.
struct CheckTests {
  /// Every width that has invalid indices, at every position of a row, antipodal or not.
  @Test(arguments: 2...16, [false, true])
  func wrongIndexIsFoundAtEveryBlock(width: Int, isAntipodal: Bool) throws {
    // With a sign, two bits name every motif there can be.
    if width == 2 && isAntipodal { return }
    let motifCount = isAntipodal ? (1 << width) - 2 : (1 << width) - 1
    var random = RandomMosaic(seed: UInt64(width))
    let dictionary = try random.dictionary(
      motifCount: motifCount, blockLength: 1, elementType: .int8, isAntipodal: isAntipodal)
    let valid = try random.stage(dictionary, rowCount: 3, columnCount: 11).mosaic
    try IndexCheck(mosaic: valid, dictionary: dictionary, place: "").check()
    var indices: [UInt16] = []
    for row in 0..<3 {
      var blocks = [UInt16](repeating: 0, count: 11)
      var span = blocks.mutableSpan
      valid.unpackRow(row, into: &span)
      indices += blocks
    }
    // The only values that name no motif: stored motifs end one short of a power of two.
    let wrong: [UInt16] =
      isAntipodal
      ? [UInt16(dictionary.signBit - 1), UInt16((1 << width) - 1)] : [UInt16((1 << width) - 1)]
    for block in indices.indices {
      for value in wrong {
        var changed = indices
        changed[block] = value
        let mosaic = try Mosaic(
          packing: changed, rowCount: 3, blockCount: 11, blockLength: 1, indexWidth: width)
        let error = #expect(throws: FormatError.self) {
          try IndexCheck(mosaic: mosaic, dictionary: dictionary, place: "stage").check()
        }
        #expect(error?.rule == .m12)
        #expect(error?.place == "stage, row \(block / 11), block \(block % 11)")
        #expect(error?.found == "\(value)")
      }
    }
  }

  /// Random parts on a small matrix, against counting how often each weight is covered.
  @Test func disjointnessAgreesWithCounting() throws {
    var generator = SeededGenerator(seed: 4)
    var disjointCount = 0
    for _ in 0..<3000 {
      let parts = (0..<2 + generator.nextIndex(below: 4)).map { _ in
        MosaicPart(
          rows: Self.list(&generator), columns: Self.list(&generator), stages: [])
      }
      var coverage = [Int](repeating: 0, count: 64)
      for part in parts {
        for row in part.rows ?? Array(0..<8) {
          for column in part.columns ?? Array(0..<8) { coverage[row * 8 + column] += 1 }
        }
      }
      let isDisjoint = coverage.allSatisfy { $0 < 2 }
      disjointCount += isDisjoint ? 1 : 0
      let found = (try? PartDisjointness(parts: parts, place: "").check()) != nil
      #expect(found == isDisjoint)
    }
    #expect((300...2700).contains(disjointCount))
  }

  private static func list(_ generator: inout SeededGenerator) -> [Int]? {
    if generator.nextIndex(below: 4) == 0 { return nil }
    let kept = (0..<8).filter { _ in generator.nextIndex(below: 4) == 0 }
    return kept.isEmpty ? [generator.nextIndex(below: 8)] : kept
  }

  /// The largest number of parts: a grid of 64 by 64 of them.
  @Test func largestNumberOfPartsIsChecked() {
    var parts: [MosaicPart] = []
    for row in 0..<64 {
      for column in 0..<64 {
        parts.append(
          MosaicPart(
            rows: Array(row * 4..<row * 4 + 4), columns: Array(column * 4..<column * 4 + 4), stages: []))
      }
    }
    #expect(throws: Never.self) { try PartDisjointness(parts: parts, place: "").check() }
    parts[4095] = parts[63 * 64]
    let error = #expect(throws: FormatError.self) { try PartDisjointness(parts: parts, place: "t").check() }
    #expect(error?.found == "a weight of both part 4033 and part 4096")
  }

  @Test func budgetCountsWhatIsHeld() {
    let budget = MemoryBudget(limit: 100)
    #expect(budget.charge(60))
    budget.release(50)
    #expect(budget.charge(90))
    #expect(!budget.isExhausted)
    #expect(!budget.charge(1))
    #expect(budget.isExhausted)
  }
}
