import MomosKernels
import MomosModel
import Testing

struct StageSearchTests {
  private let pool = ThreadPool(threadCount: 2)

  private func normals(_ count: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Float(generator.nextNormal()) }
  }

  /// The searches of the script, with its parameters.
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let blockLength: Int
    let addedLength: Int
    let columns: Int
    let beamCount: Int
    let hasFeedback: Bool
    var testDescription: String { name }
  }

  static let cases = [
    Case(
      name: "stages-s8k40-s4k16", blockLength: 8, addedLength: 4, columns: 150, beamCount: 6,
      hasFeedback: true),
    Case(
      name: "stages-s6k20-s3k8", blockLength: 6, addedLength: 3, columns: 131, beamCount: 20,
      hasFeedback: true),
    Case(
      name: "stages-s8k30-s8k30", blockLength: 8, addedLength: 8, columns: 70, beamCount: 32,
      hasFeedback: false),
  ]

  /// The same motifs as numpy finds in float64, whichever stage comes first.
  @Test(arguments: cases)
  func motifsAreThoseOfNumpy(parameters: Case) throws {
    let (name, columns) = (parameters.name, parameters.columns)
    let feedback =
      parameters.hasFeedback
      ? try ErrorFeedback(
        secondMoments: FitFixture.secondMoments(columns: columns), columns: columns, pool: pool)
      : nil
    let (values, addedValues) = (
      try FitFixture.floats("\(name)/motifs.npy"), try FitFixture.floats("\(name)/added.npy")
    )
    let motifs = StageSearch.Motifs(
      values, count: values.count / parameters.blockLength, blockLength: parameters.blockLength)
    let added = StageSearch.Motifs(
      addedValues, count: addedValues.count / parameters.addedLength, blockLength: parameters.addedLength)
    let rows = try FitFixture.floats("\(name)/rows.npy")
    let expected = try FitFixture.floats("\(name)/indices.npy", .uint16).map { UInt16($0) }
    let expectedAdded = try FitFixture.floats("\(name)/added-indices.npy", .uint16).map { UInt16($0) }
    let search = StageSearch(
      motifs, added, columns: columns, feedback: feedback, beamCount: min(parameters.beamCount, motifs.count))
    for threads in 1...3 {
      let found = search.encode(rows, pool: ThreadPool(threadCount: threads))
      #expect(found.first == expected && found.second == expectedAdded)
    }
    guard parameters.blockLength > parameters.addedLength else { return }
    let swapped = StageSearch(
      added, motifs, columns: columns, feedback: feedback, beamCount: min(parameters.beamCount, motifs.count))
    let found = swapped.encode(rows.span)
    #expect(found.second == expected && found.first == expectedAdded)
  }

  /// With every motif tried, no pair is better: against all of them.
  @Test func withAllMotifsTriedNoPairIsBetter() {
    let (count, length, columns) = (12, 3, 3)
    let first = normals(count * length, seed: 1)
    let second = normals(count * length, seed: 2).map { $0 * 0.5 }
    let rows = normals(50 * columns, seed: 3)
    let search = StageSearch(
      StageSearch.Motifs(first, count: count, blockLength: length),
      StageSearch.Motifs(second, count: count, blockLength: length), columns: columns, feedback: nil)
    let found = search.encode(rows, pool: pool)
    func error(_ row: Int, _ one: Int, _ other: Int) -> Double {
      (0..<length).reduce(0.0) { sum, offset in
        let rest =
          Double(rows[row * columns + offset]) - Double(first[one * length + offset])
          - Double(second[other * length + offset])
        return sum + rest * rest
      }
    }
    for row in 0..<50 {
      let least = (0..<count * count).map { error(row, $0 / count, $0 % count) }.min()!
      #expect(error(row, Int(found.first[row]), Int(found.second[row])) <= least + 1e-5)
    }
  }

  @Test func noRowsGiveNoMotifs() {
    let motifs = StageSearch.Motifs([1, 2], count: 1, blockLength: 2)
    let none: [Float] = []
    let found = StageSearch(motifs, motifs, columns: 5, feedback: nil).encode(none, pool: pool)
    #expect(found.first.isEmpty && found.second.isEmpty)
  }
}
