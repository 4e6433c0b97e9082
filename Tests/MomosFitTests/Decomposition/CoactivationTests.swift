import FoundationEssentials
import Glibc
import MomosKernels
import MomosModel
import Testing

@testable import MomosFit

/// What is active together; tails of tables by scipy (tools/fixtures/make_significance_fixture.py).
struct CoactivationTests {
  private struct Table: Decodable {
    let samples: Int
    let first: Int
    let second: Int
    let both: Int
    let tail: Double
  }

  private let pool = ThreadPool(threadCount: 1)

  /// Logarithms of factorials up to 16,384! have 18 digits before the last ones of a double: 1e-10 of them.
  @Test func tailsAreThoseOfScipy() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../fixtures")
    let tables = try JSONDecoder().decode(
      [Table].self,
      from: Data(contentsOf: folder.standardizedFileURL.appending(path: "fitting/hypergeometric.json")))
    #expect(tables.count == 38)
    for table in tables {
      let logTail = ContingencyTest(sampleCount: table.samples, level: 0.01).logUpperTail(
        both: table.both, first: table.first, second: table.second)
      #expect(abs(logTail - log(table.tail)) <= 1e-9, "\(table)")
      for (level, isSignificant) in [(1.01 * table.tail, true), (0.99 * table.tail, false)]
      where table.tail < 0.4 {
        let test = ContingencyTest(sampleCount: table.samples, level: level)
        let found = test.significance(both: table.both, first: table.first, second: table.second)
        #expect((found != nil) == isSignificant, "\(table)")
        #expect(found.map { $0 >= 1 && $0 < 1.02 } ?? true)
      }
    }
  }

  /// 12 samples: inputs 0 and 1 are active in the first 6, 2 in every second one; the outputs like 0, like 2 and never.
  /// Of 12, 6 and 6 with 6 in common has the probability 1 / C(12, 6) = 1 / 924, with 3 more than a half.
  @Test func pairsThatAreActiveTogetherAreEdges() {
    var coactivation = Coactivation(inputScales: [1, 1, 1], outputScales: [0.5, 0.5, 0.5])
    let first: [Float] = [2, -2, 2, 2, 2, -2, 1, 0, 1, 1, 0, 1]
    let second: [Float] = (0..<12).map { $0.isMultiple(of: 2) ? 3 : 0 }
    for range in [0..<5, 5..<12] {
      coactivation.add(
        inputs: [first[range], first[range], second[range]].flatMap { $0 },
        outputs: [
          first[range].map { $0.magnitude > 1 ? 1 : 0 }, Array(second[range]),
          [Float](repeating: 0.5, count: range.count),
        ].flatMap { $0 }, count: range.count)
    }
    func edges(level: Double) -> [[Int]] {
      let graph = coactivation.graph(level: level * 9, pool: pool)
      return (0..<3).map { row in (0..<3).filter { graph.isEdge(row: row, column: $0) } }
    }
    #expect(coactivation.sampleCount == 12)
    #expect(edges(level: 0.0011) == [[0, 1], [2], []])
    #expect(edges(level: 0.0010) == [[], [], []])
  }

  /// A pattern of 1,100 samples, given in pieces that end inside of lists of 512.
  @Test(arguments: [[1100], [300, 800], [511, 2, 587]])
  func samplesMayComeInPieces(pieces: [Int]) {
    let count = 1100
    let isActive = (0..<count).map { ($0 * 7919) % 100 < 30 }
    let shifted = (0..<count).map { isActive[($0 + 1) % count] }
    var coactivation = Coactivation(inputScales: [0.5, 0.5], outputScales: [0.5])
    var start = 0
    for piece in pieces {
      let range = start..<start + piece
      coactivation.add(
        inputs: range.map { isActive[$0] ? 1 : 0 } + range.map { shifted[$0] ? 1 : 0 },
        outputs: range.map { isActive[$0] ? -1 : 0 }, count: piece)
      start += piece
    }
    // By scipy: of 1,100, 330 and 330 with 330 in common has the probability 6e-291, with 121, shifted by one, .001.
    let graph = coactivation.graph(level: 1e-200, pool: pool)
    #expect(graph.sampleCount == count && graph.edgeCount == 1)
    #expect(graph.isEdge(row: 0, column: 0) && !graph.isEdge(row: 0, column: 1))
  }

  private func noise(length: Int, sampleCount: Int, seed: UInt64) -> Coactivation {
    var generator = SeededGenerator(seed: seed)
    func normal() -> [Float] { (0..<length * sampleCount).map { _ in Float(generator.nextNormal()) } }
    let scales = [Float](repeating: 1, count: length)
    var coactivation = Coactivation(inputScales: scales, outputScales: scales)
    coactivation.add(inputs: normal(), outputs: normal(), count: sampleCount)
    return coactivation
  }

  /// Binomial: within 3.3 standard errors in all but 1 of 1,000 runs. Counts are whole numbers, so that the level of a test
  /// is reached seldom.
  @Test func shareOfIndependentPairsIsAtMostTheLevel() {
    let length = 200
    let level = 0.01
    let pairs = Double(length * length)
    let graph = noise(length: length, sampleCount: 1500, seed: 4).graph(level: level * pairs, pool: pool)
    let share = Double(graph.edgeCount) / pairs
    #expect(share < level + 3.3 * (level * (1 - level) / pairs).squareRoot())
    #expect(share > level / 2)
  }

  @Test func noiseSeldomHasAnyEdge() {
    let count = 200
    let level = 0.1
    let found = (0..<count).count { seed in
      noise(length: 32, sampleCount: 600, seed: UInt64(seed)).graph(level: level, pool: pool).edgeCount > 0
    }
    #expect(Double(found) < Double(count) * level + 3.3 * (Double(count) * level * (1 - level)).squareRoot())
  }

  /// Groups of inputs that are active in a quarter of the samples each, and weights of each group's outputs alone.
  private struct Planted {
    let parts: [CoactivationGraph.Part]
    let weights: [Float]
    let coactivation: Coactivation

    init(length: Int, partCount: Int, sampleCount: Int, seed: UInt64) {
      var generator = SeededGenerator(seed: seed)
      let groups = (0..<2).map { _ in (0..<length).map { $0 * partCount / length }.shuffled(using: &generator)
      }
      let (rowGroups, columnGroups) = (groups[0], groups[1])
      parts = (0..<partCount).map { part in
        CoactivationGraph.Part(
          rows: (0..<length).filter { rowGroups[$0] == part },
          columns: (0..<length).filter { columnGroups[$0] == part })
      }.sorted { $0.rows[0] < $1.rows[0] }
      var weights: [Float] = []
      for row in 0..<length {
        for column in 0..<length {
          let size = rowGroups[row] == columnGroups[column] ? 1.0 : 0.02
          weights.append(Float(size * generator.nextNormal()))
        }
      }
      var inputs = [Float](repeating: 0, count: length * sampleCount)
      for sample in 0..<sampleCount {
        let isActive = (0..<partCount).map { _ in generator.nextUniform() < 0.25 }
        for column in 0..<length where isActive[columnGroups[column]] {
          inputs[column * sampleCount + sample] = Float(generator.nextNormal())
        }
      }
      var outputs = [Float](repeating: 0, count: length * sampleCount)
      for row in 0..<length {
        for column in 0..<length {
          for sample in 0..<sampleCount {
            outputs[row * sampleCount + sample] +=
              weights[row * length + column] * inputs[column * sampleCount + sample]
          }
        }
      }
      func scales(_ values: [Float]) -> [Float] {
        (0..<length).map { Float(rootMeanSquare(Array(values[$0 * sampleCount..<($0 + 1) * sampleCount]))) }
      }
      self.weights = weights
      var coactivation = Coactivation(inputScales: scales(inputs), outputScales: scales(outputs))
      coactivation.add(inputs: inputs, outputs: outputs, count: sampleCount)
      self.coactivation = coactivation
    }
  }

  @Test(arguments: [2, 4])
  func plantedGroupsAreFoundByCoactivationAlone(partCount: Int) {
    let found = (0..<20).count { seed in
      let planted = Planted(length: 64, partCount: partCount, sampleCount: 1024, seed: UInt64(seed))
      return planted.coactivation.graph(level: 0.01, pool: pool).parts == planted.parts
    }
    #expect(found == 20)
  }

  /// Two groups that are active in a quarter of the samples each, whatever the other does; one input of the first is active in
  /// an eighth of the other's samples too. Of 2,000, 563 and 500 with 188 in common has the probability 7e-08 by scipy.
  @Test func weakTiesCoupleNothing() {
    let count = 2000
    let scales = [Float](repeating: 0.5, count: 32)
    var coactivation = Coactivation(inputScales: scales, outputScales: scales)
    func values(_ half: Int, leaks: Bool) -> [Float] {
      (0..<count).map { sample in
        let isActive = [sample % 4 == 0, sample / 4 % 4 == 0]
        return isActive[half] || leaks && isActive[1] && sample % 32 == 1 ? 1 : 0
      }
    }
    coactivation.add(
      inputs: (0..<32).flatMap { values($0 / 16, leaks: $0 == 3) },
      outputs: (0..<32).flatMap { values($0 / 16, leaks: false) }, count: count)
    let graph = coactivation.graph(level: 0.01, pool: pool)
    #expect(graph.edgeCount == 2 * 16 * 16 + 16)
    #expect(graph.parts.map(\.rows) == [Array(0..<16), Array(16..<32)])
    #expect(graph.parts.map(\.columns) == [Array(0..<16), Array(16..<32)])
  }

  @Test func resultsDoNotDependOnTheThreads() {
    let planted = Planted(length: 64, partCount: 2, sampleCount: 700, seed: 1)
    let one = planted.coactivation.graph(level: 0.01, pool: pool)
    let three = planted.coactivation.graph(level: 0.01, pool: ThreadPool(threadCount: 3))
    #expect(one.edgeCount == three.edgeCount && one.parts == three.parts)
  }

  // MARK: Both views

  /// Two parts of 32 x 32, and a weight across them that is significant but weak.
  private func bridged() throws -> StructureEvidence {
    var weights = [Float](repeating: 0, count: 64 * 64)
    for row in 0..<64 {
      for column in 0..<64 where (row < 32) == (column < 32) { weights[row * 64 + column] = 30 }
    }
    weights[3 * 64 + 40] = 7
    return StructureEvidence(
      weights: weights, rows: 64, columns: 64, test: try AnnealingTests.test(.normal, deviation: 1))
  }

  /// Outputs and inputs of each half are active together, those of the other never with them; input 40 with those of the
  /// first half if it is `crossing`.
  private func halves(crossing: Bool) -> CoactivationGraph {
    let scales = [Float](repeating: 0.5, count: 64)
    var coactivation = Coactivation(inputScales: scales, outputScales: scales)
    let count = 200
    func values(_ unit: Int, _ half: Int) -> [Float] { (0..<count).map { $0 % 2 == half ? 1 : 0 } }
    coactivation.add(
      inputs: (0..<64).flatMap { values($0, crossing && $0 == 40 ? 0 : $0 / 32) },
      outputs: (0..<64).flatMap { values($0, $0 / 32) }, count: count)
    return coactivation.graph(level: 0.01, pool: pool)
  }

  @Test func bridgeThatIsNotInUseIsCut() throws {
    let evidence = try bridged()
    let structure = MatrixStructure(of: evidence, level: 0.01)
    let agreed = StructureAgreement.agreed(structure, evidence, halves(crossing: false), level: 0.01)
    #expect(agreed.structure == structure && structure.parts.count == 2)
    #expect(agreed.agreement.bridgeCount == 1 && agreed.agreement.confirmedBridgeCount == 0)
    #expect(agreed.agreement.commonPartCount == 2 && agreed.agreement.coupledParts.count == 2)
    #expect(agreed.agreement.edgeCount == 2049 && agreed.agreement.confirmedEdgeCount == 2048)
    #expect(agreed.agreement.coactivationCount == 2048 && agreed.agreement.sampleCount == 200)
  }

  @Test func bridgeThatIsInUseMakesPartsOne() throws {
    let evidence = try bridged()
    let structure = MatrixStructure(of: evidence, level: 0.01)
    let agreed = StructureAgreement.agreed(structure, evidence, halves(crossing: true), level: 0.01)
    #expect(agreed.structure.parts.map(\.rows) == [Array(0..<64)])
    #expect(agreed.structure.parts.map(\.columns) == [Array(0..<64)])
    #expect(agreed.structure.parts[0].probability < 1e-100)
    #expect(!agreed.structure.isDecomposed)
    #expect(agreed.agreement.confirmedBridgeCount == 1 && agreed.agreement.commonPartCount == 0)
  }
}
