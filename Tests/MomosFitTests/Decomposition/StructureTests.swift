import MomosModel
import Testing

@testable import MomosFit

/// A block-diagonal matrix under noise, its rows and columns shuffled.
struct PlantedMatrix {
  static let deviation = 0.05
  let length: Int
  let weights: [Float]
  /// Rows and columns of each part, ascending; parts in the order of their first rows.
  let parts: [(rows: [Int], columns: [Int])]

  /// - Parameters:
  ///   - scale: standard deviation of what is planted, in those of the noise.
  init(length: Int, partCount: Int, scale: Double = 4, seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    self.length = length
    let partOfRow = Self.shuffledParts(length, partCount, &generator)
    let partOfColumn = Self.shuffledParts(length, partCount, &generator)
    var weights: [Float] = []
    weights.reserveCapacity(length * length)
    for row in 0..<length {
      for column in 0..<length {
        let planted = partOfRow[row] == partOfColumn[column] ? scale * generator.nextNormal() : 0
        weights.append(Float(Self.deviation * (generator.nextNormal() + planted)))
      }
    }
    self.weights = weights
    parts = (0..<partCount).map { part in
      (
        (0..<length).filter { partOfRow[$0] == part }, (0..<length).filter { partOfColumn[$0] == part }
      )
    }.sorted { $0.0[0] < $1.0[0] }
  }

  private static func shuffledParts(_ length: Int, _ count: Int, _ generator: inout SeededGenerator) -> [Int]
  {
    (0..<length).map { $0 * count / length }.shuffled(using: &generator)
  }

  func structure() throws -> MatrixStructure {
    MatrixStructure(
      of: StructureEvidence(
        weights: weights, rows: length, columns: length,
        test: try AnnealingTests.test(.normal, deviation: Self.deviation)), level: 0.01)
  }

  func isRecovered(by structure: MatrixStructure) -> Bool {
    structure.parts.map(\.rows) == parts.map(\.rows) && structure.parts.map(\.columns) == parts.map(\.columns)
  }
}

struct StructureTests {
  @Test(arguments: [2, 4])
  func plantedPartsAreRecovered(partCount: Int) throws {
    let recovered = try (0..<100).count { seed in
      let planted = PlantedMatrix(length: 192, partCount: partCount, seed: UInt64(seed))
      return planted.isRecovered(by: try planted.structure())
    }
    #expect(recovered >= 98)
  }

  @Test(arguments: [2, 4, 8])
  func plantedPartsOfALargeMatrixAreRecovered(partCount: Int) throws {
    let planted = PlantedMatrix(length: 1024, partCount: partCount, seed: 5)
    #expect(planted.isRecovered(by: try planted.structure()))
  }

  @Test(arguments: [InitializationDistribution.Form.normal, .uniform])
  func noiseHasNoParts(form: InitializationDistribution.Form) throws {
    let length = 192
    let test = try AnnealingTests.test(form, deviation: 1)
    let found = (0..<100).count { seed in
      var generator = SeededGenerator(seed: UInt64(seed))
      let weights = (0..<length * length).map { _ in
        switch form {
        case .normal: Float(generator.nextNormal())
        case .uniform: Float(3.0.squareRoot() * (2 * generator.nextUniform() - 1))
        }
      }
      let evidence = StructureEvidence(weights: weights, rows: length, columns: length, test: test)
      return !MatrixStructure(of: evidence, level: 0.01).parts.isEmpty
    }
    #expect(found <= 1)
  }

  /// No weight across is significant by itself: all are 1.5 standard deviations.
  @Test func manyWeakWeightsAcrossMakeOnePart() throws {
    var weights = [Float](repeating: 0, count: 64 * 64)
    for row in 0..<64 {
      for column in 0..<64 {
        let isPlanted = (row < 32) == (column < 32)
        weights[row * 64 + column] = isPlanted ? 9 : (row + column).isMultiple(of: 2) ? 1.5 : -1.5
      }
    }
    let test = try AnnealingTests.test(.normal, deviation: 1)
    let whole = MatrixStructure(
      of: StructureEvidence(weights: weights, rows: 64, columns: 64, test: test), level: 0.01)
    #expect(whole.parts.map(\.rows) == [Array(0..<64)])
    #expect(!whole.isDecomposed)
    // At half a standard deviation they say nothing.
    let weaker = weights.map { abs($0) < 2 ? $0 / 3 : $0 }
    let parts = MatrixStructure(
      of: StructureEvidence(weights: weaker, rows: 64, columns: 64, test: test), level: 0.01)
    #expect(parts.parts.map(\.columns) == [Array(0..<32), Array(32..<64)])
  }

  /// Three weights of 7 standard deviations are significant among 4,096, of 20 too; those around them say nothing.
  @Test(arguments: [(7, 2), (20, 1)])
  func fewWeightsAcrossAreCutIfTheyAreWeak(across: (deviations: Float, partCount: Int)) throws {
    var weights = [Float](repeating: 0, count: 64 * 64)
    for row in 0..<64 {
      for column in 0..<64 where (row < 32) == (column < 32) { weights[row * 64 + column] = 30 }
    }
    for (row, column) in [(3, 40), (50, 2), (9, 60)] { weights[row * 64 + column] = across.deviations }
    let structure = MatrixStructure(
      of: StructureEvidence(
        weights: weights, rows: 64, columns: 64, test: try AnnealingTests.test(.normal, deviation: 1)),
      level: 0.01)
    #expect(structure.parts.count == across.partCount)
    #expect(structure.strayEdgeCount == (across.partCount == 2 ? 3 : 0))
  }

  @Test func rowWithoutAnEdgeJoinsThePartThatItsWeightsSpeakFor() throws {
    var weights = [Float](repeating: 0, count: 40 * 40)
    for row in 0..<39 {
      for column in 0..<40 where (row < 20) == (column < 20) { weights[row * 40 + column] = 9 }
    }
    // Twenty weights of 3 standard deviations: none is significant among 1,600, all together are.
    for column in 0..<20 { weights[39 * 40 + column] = 3 }
    let test = try AnnealingTests.test(.normal, deviation: 1)
    let structure = MatrixStructure(
      of: StructureEvidence(weights: weights, rows: 40, columns: 40, test: test), level: 0.01)
    #expect(structure.parts.map(\.rows) == [Array(0..<20) + [39], Array(20..<39)])
    #expect(structure.strayEdgeCount == 0)
  }

  @Test func pairOfFeedForwardMatricesIsOneGraph() throws {
    // Width 2, two hidden channels each; the edge from 1 to 0 owns rows 0 and 1 of column 1 of the first matrix and
    // columns 2 and 3 of row 0 of the second.
    let first: [Float] = [0, 1, 0, 2, 0, 0, 0, 0]
    let second: [Float] = [0, 0, 3, 4, 0, 0, 0, 0]
    let test = try AnnealingTests.test(.normal, deviation: 1)
    let evidence = StructureEvidence(first: first, second: second, width: 2, multiple: 2, tests: (test, test))
    #expect(evidence.values == [0, 30, 0, 0])
    #expect(evidence.degreesOfFreedom == 4)
  }

  @Test func squareMatrixHasStronglyConnectedComponents() throws {
    // From column to row: 0 to 1 to 0, 1 to 2, and 3 alone.
    var weights = [Float](repeating: 0, count: 16)
    for (row, column) in [(1, 0), (0, 1), (2, 1)] { weights[row * 4 + column] = 10 }
    let test = try AnnealingTests.test(.normal, deviation: 1)
    let components = StructureEvidence(weights: weights, rows: 4, columns: 4, test: test)
      .stronglyConnectedComponents(level: 0.01)
    #expect(Set(components.components) == [[0, 1], [2], [3]])
    let first = try #require(components.components.firstIndex(of: [0, 1]))
    let second = try #require(components.components.firstIndex(of: [2]))
    #expect(components.successors[first] == [second])
  }
}

struct StronglyConnectedComponentsTests {
  /// The example graph of Cormen et al., Introduction to Algorithms, figure 22.9: a to h as 0 to 7.
  @Test func textbookGraphHasItsComponents() {
    let graph = [[1], [2, 4, 5], [3, 6], [2, 7], [0, 5], [6], [5, 7], [7]]
    let result = StronglyConnectedComponents(successors: graph)
    #expect(result.components == [[0, 1, 4], [2, 3], [5, 6], [7]])
    #expect(result.successors == [[1, 2], [2, 3], [3], []])
  }

  @Test func longCycleIsOneComponent() {
    let count = 200_000
    let result = StronglyConnectedComponents(successors: (0..<count).map { [($0 + 1) % count] })
    #expect(result.components.count == 1)
  }

  @Test func disjointSetsAreNumberedByTheirSmallestElements() {
    var sets = DisjointSets(count: 6)
    sets.unite(5, 1)
    sets.unite(2, 4)
    sets.unite(4, 5)
    #expect(sets.labels() == [0, 1, 1, 2, 1, 1])
  }
}
