import MomosKernels
import MomosModel
import Testing

struct PathSearchTests {
  private let pool = ThreadPool(threadCount: 2)

  private func normals(_ count: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Float(generator.nextNormal()) }
  }

  /// The searches of the script, with its parameters.
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let blockLength: Int
    let motifCount: Int
    let isOverlapping: Bool
    let columns: Int
    let survivorCount: Int
    let lookahead: Float
    let hasFeedback: Bool
    var testDescription: String { name }
  }

  static let cases = [
    Case(
      name: "greedy-s1k16", blockLength: 1, motifCount: 16, isOverlapping: false, columns: 200,
      survivorCount: 1,
      lookahead: 0, hasFeedback: true),
    Case(
      name: "greedy-s4k32", blockLength: 4, motifCount: 32, isOverlapping: false, columns: 150,
      survivorCount: 1,
      lookahead: 0, hasFeedback: true),
    Case(
      name: "plain-s2k16", blockLength: 2, motifCount: 16, isOverlapping: false, columns: 201,
      survivorCount: 5,
      lookahead: 0.1, hasFeedback: true),
    Case(
      name: "overlapping-s4k32", blockLength: 4, motifCount: 32, isOverlapping: true, columns: 270,
      survivorCount: 8, lookahead: 0.1, hasFeedback: true),
    Case(
      name: "overlapping-s3k24", blockLength: 3, motifCount: 24, isOverlapping: true, columns: 200,
      survivorCount: 20, lookahead: 0.05, hasFeedback: true),
    Case(
      name: "overlapping-s2k300", blockLength: 2, motifCount: 300, isOverlapping: true, columns: 131,
      survivorCount: 32, lookahead: 0.02, hasFeedback: false),
  ]

  /// The same for rows some of whose blocks are zero by decision: of the first row all, of the second none.
  @Test(arguments: [
    Case(
      name: "zeros-s4k32", blockLength: 4, motifCount: 32, isOverlapping: false, columns: 150,
      survivorCount: 8, lookahead: 0.1, hasFeedback: true),
    Case(
      name: "zeros-s2k16", blockLength: 2, motifCount: 16, isOverlapping: false, columns: 201,
      survivorCount: 16, lookahead: 0.05, hasFeedback: true),
  ])
  func blocksOfZerosArePassed(parameters: Case) throws {
    let feedback = try ErrorFeedback(
      secondMoments: FitFixture.secondMoments(columns: parameters.columns), columns: parameters.columns,
      pool: pool)
    let search = PathSearch(
      motifs: try FitFixture.floats("\(parameters.name)/motifs.npy"), motifCount: parameters.motifCount,
      blockLength: parameters.blockLength, isOverlapping: false, columns: parameters.columns,
      feedback: feedback, survivorCount: parameters.survivorCount, lookahead: parameters.lookahead)
    let rows = try FitFixture.floats("\(parameters.name)/rows.npy")
    let zeros = try FitFixture.floats("\(parameters.name)/zeros.npy", .uint8).map { UInt8($0) }
    let expected = try FitFixture.floats("\(parameters.name)/indices.npy", .uint16).map { UInt16($0) }
    #expect(search.encode(rows.span, zeros: zeros.span) == expected)
    for threads in 1...3 {
      #expect(search.encode(rows, zeros: zeros, pool: ThreadPool(threadCount: threads)) == expected)
    }
    #expect(zip(zeros, expected).allSatisfy { $0 == 0 || $1 == 0 })
  }

  /// The same motifs as numpy finds in float64, with one survivor those of GPTQ.
  @Test(arguments: cases)
  func motifsAreThoseOfNumpy(parameters: Case) throws {
    let feedback =
      parameters.hasFeedback
      ? try ErrorFeedback(
        secondMoments: FitFixture.secondMoments(columns: parameters.columns), columns: parameters.columns,
        pool: pool)
      : nil
    let search = PathSearch(
      motifs: try FitFixture.floats("\(parameters.name)/motifs.npy"), motifCount: parameters.motifCount,
      blockLength: parameters.blockLength, isOverlapping: parameters.isOverlapping,
      columns: parameters.columns,
      feedback: feedback, survivorCount: parameters.survivorCount, lookahead: parameters.lookahead)
    let rows = try FitFixture.floats("\(parameters.name)/rows.npy")
    let expected = try FitFixture.floats("\(parameters.name)/indices.npy", .uint16).map { UInt16($0) }
    #expect(search.encode(rows.span) == expected)
    for threads in 1...3 { #expect(search.encode(rows, pool: ThreadPool(threadCount: threads)) == expected) }
  }

  /// The squared error of a path, columns beyond the row's end not counted.
  private func error(
    _ path: [Int], of row: ArraySlice<Float>, motifs: [Float], blockLength: Int, isOverlapping: Bool
  ) -> Double {
    let length = isOverlapping ? 2 * blockLength : blockLength
    return row.enumerated().reduce(0.0) { sum, weight in
      let (block, offset) = weight.offset.quotientAndRemainder(dividingBy: blockLength)
      var rest = Double(weight.element) - Double(motifs[path[block] * length + offset])
      if isOverlapping, block > 0 { rest -= Double(motifs[path[block - 1] * length + blockLength + offset]) }
      return sum + rest * rest
    }
  }

  private func leastError(
    of row: ArraySlice<Float>, motifs: [Float], motifCount: Int, blockLength: Int, isOverlapping: Bool
  ) -> Double {
    let blocks = (row.count + blockLength - 1) / blockLength
    var least = Double.infinity
    let pathCount = (0..<blocks).reduce(1) { count, _ in count * motifCount }
    for number in 0..<pathCount {
      var rest = number
      let path = (0..<blocks).map { _ in
        defer { rest /= motifCount }
        return rest % motifCount
      }
      least = min(
        least, error(path, of: row, motifs: motifs, blockLength: blockLength, isOverlapping: isOverlapping))
    }
    return least
  }

  /// Against all paths there are.
  @Test(
    arguments: [(5, 2, 7), (5, 2, 8), (3, 1, 6), (4, 3, 13), (6, 16, 50), (1, 4, 9), (5, 2, 1)],
    [false, true])
  func withoutFeedbackNoPathIsBetter(
    size: (motifCount: Int, blockLength: Int, columns: Int), isOverlapping: Bool
  ) {
    let (motifCount, blockLength, columns) = size
    let motifs = normals(motifCount * blockLength * (isOverlapping ? 2 : 1), seed: 5).map { $0 * 0.7 }
    let rows = normals(7 * columns, seed: 6)
    let search = PathSearch(
      motifs: motifs, motifCount: motifCount, blockLength: blockLength, isOverlapping: isOverlapping,
      columns: columns, feedback: nil, lookahead: 0)
    let found = search.encode(rows, pool: pool)
    #expect(found.count == 7 * search.blocksPerRow)
    for row in 0..<7 {
      let weights = rows[row * columns..<(row + 1) * columns]
      let path = found[row * search.blocksPerRow..<(row + 1) * search.blocksPerRow].map { Int($0) }
      let least = leastError(
        of: weights, motifs: motifs, motifCount: motifCount, blockLength: blockLength,
        isOverlapping: isOverlapping)
      let reached = error(
        path, of: weights, motifs: motifs, blockLength: blockLength, isOverlapping: isOverlapping)
      #expect(reached <= least + 1e-4)
    }
  }

  /// With all paths surviving over two blocks, none has a smaller e H e'.
  @Test(arguments: [false, true])
  func withFeedbackNoPathOfTwoBlocksIsBetter(isOverlapping: Bool) throws {
    let (motifCount, blockLength, columns) = (20, 3, 6)
    let moments = FitFixture.secondMoments(columns: columns)
    let motifs = normals(motifCount * blockLength * (isOverlapping ? 2 : 1), seed: 8).map { $0 * 0.7 }
    let rows = normals(11 * columns, seed: 9)
    let search = PathSearch(
      motifs: motifs, motifCount: motifCount, blockLength: blockLength, isOverlapping: isOverlapping,
      columns: columns,
      feedback: try ErrorFeedback(secondMoments: moments, columns: columns, damping: 0, pool: pool),
      survivorCount: motifCount, lookahead: 0)
    let found = search.encode(rows.span)
    func cost(_ row: Int, _ first: Int, _ second: Int) -> Double {
      let length = motifs.count / motifCount
      let errors = (0..<columns).map { column in
        let (block, offset) = column.quotientAndRemainder(dividingBy: blockLength)
        var rest =
          Double(rows[row * columns + column])
          - Double(motifs[(block == 0 ? first : second) * length + offset])
        if isOverlapping, block == 1 { rest -= Double(motifs[first * length + blockLength + offset]) }
        return rest
      }
      return (0..<columns * columns).reduce(0.0) {
        $0 + errors[$1 / columns] * moments[$1] * errors[$1 % columns]
      }
    }
    for row in 0..<11 {
      let least = (0..<motifCount * motifCount).map { cost(row, $0 / motifCount, $0 % motifCount) }.min()!
      #expect(cost(row, Int(found[row * 2]), Int(found[row * 2 + 1])) <= least * (1 + 1e-4))
    }
  }

  /// More survivors find paths at least as good on average; all of them without feedback, the best one.
  @Test func survivorsComeCloseToTheExactPath() {
    let (motifCount, blockLength, columns) = (64, 4, 256)
    let motifs = normals(motifCount * 8, seed: 1).enumerated().map {
      $0.element * ($0.offset % 8 < 4 ? 0.8 : 0.5)
    }
    let rows = normals(16 * columns, seed: 2)
    func error(_ feedback: ErrorFeedback?, survivors: Int) -> Double {
      let search = PathSearch(
        motifs: motifs, motifCount: motifCount, blockLength: blockLength, isOverlapping: true,
        columns: columns,
        feedback: feedback, survivorCount: survivors, lookahead: 0.15)
      let found = search.encode(rows, pool: pool)
      return (0..<16).reduce(0.0) { sum, row in
        sum
          + self.error(
            found[row * 64..<(row + 1) * 64].map { Int($0) }, of: rows[row * columns..<(row + 1) * columns],
            motifs: motifs, blockLength: blockLength, isOverlapping: true)
      }
    }
    var identity = [Double](repeating: 0, count: columns * columns)
    for column in 0..<columns { identity[column * (columns + 1)] = 1 }
    guard
      let uncorrelated = try? ErrorFeedback(secondMoments: identity, columns: columns, damping: 0, pool: pool)
    else {
      Issue.record("the identity is positive definite")
      return
    }
    let exact = error(nil, survivors: 1)
    let errors = [1, 4, 16, 64].map { error(uncorrelated, survivors: $0) }
    #expect(errors[0] > errors[1] && errors[1] > errors[2] && errors[2] >= errors[3])
    #expect(errors[2] < exact * 1.05)
    #expect(abs(errors[3] - exact) < exact * 1e-5)
  }

  @Test func noRowsGiveNoMotifs() {
    for isOverlapping in [false, true] {
      let search = PathSearch(
        motifs: [1, 2, 3, 4], motifCount: isOverlapping ? 1 : 2, blockLength: 2, isOverlapping: isOverlapping,
        columns: 5, feedback: nil, lookahead: 0)
      let none: [Float] = []
      #expect(search.encode(none, pool: pool).isEmpty)
      #expect(search.encode(none.span).isEmpty)
    }
  }
}
