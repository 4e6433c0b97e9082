import MomosKernels
import MomosModel
import MomosTestSupport
import Testing

/// Sums of x x^T against float64.
struct MomentSumsTests {
  private func vectors(count: Int, columns: Int, seed: UInt64 = 1) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count * columns).map { _ in Float(generator.nextNormal()) }
  }

  private func moments(
    _ batches: [[Float]], columns: Int, threadCount: Int
  ) throws -> Calibration.InputMoments {
    let sums = try MomentSums(columns: columns)
    let pool = ThreadPool(threadCount: threadCount)
    for batch in batches { sums.add(batch.span, pool: pool) }
    return try sums.moments()
  }

  @Test func spooledSumsAreTheSameAndLeaveNoFile() throws {
    let folder = try TestFolder()
    let batch = vectors(count: 70, columns: 300)
    let sums = try MomentSums(columns: 300, in: SpoolFolder(path: folder.path))
    sums.add(batch.span, pool: ThreadPool(threadCount: 2))
    #expect(try sums.moments() == moments([batch], columns: 300, threadCount: 1))
    #expect(folder.names.isEmpty)
  }

  @Test func aFolderThatTakesNothingIsNamed() throws {
    let folder = "/nowhere"
    #expect {
      try MomentSums(columns: 8, in: SpoolFolder(path: folder))
    } throws: { error in
      "\(error)" == "cannot spool 512 bytes in \(folder): No such file or directory"
    }
  }

  /// Tiles are 256 columns wide, float32 sums run over 64 vectors.
  @Test(arguments: [
    (1, 1), (3, 2), (1, 64), (17, 65), (255, 63), (256, 16), (257, 130), (300, 1), (600, 70),
  ])
  func sumsAgreeWithFloat64(size: (columns: Int, count: Int)) throws {
    let (columns, count) = size
    let batches = [vectors(count: count, columns: columns), vectors(count: 5, columns: columns, seed: 2)]
    let found = try moments(batches, columns: columns, threadCount: 1)
    #expect(found.sampleCount == count + 5 && found.columns == columns)
    #expect(try moments(batches, columns: columns, threadCount: 3) == found)
    var exact = [Double](repeating: 0, count: columns * columns)
    let all = batches.flatMap { $0 }.map(Double.init)
    for vector in 0..<(count + 5) {
      for row in 0..<columns {
        let factor = all[vector * columns + row]
        for column in 0..<columns { exact[row * columns + column] += factor * all[vector * columns + column] }
      }
    }
    let sums = found.sums
    for row in 0..<columns {
      for column in 0..<columns {
        // Each of at most 64 products and additions in float32 is off by at most 2^-24 of what the lengths allow.
        let lengths = (exact[row * columns + row] * exact[column * columns + column]).squareRoot()
        #expect(abs(sums[row * columns + column] - exact[row * columns + column]) <= 64 * 0x1p-24 * lengths)
      }
    }
  }

  /// Groups of 64 vectors in float32 and in order, then float64, in every call anew.
  @Test(arguments: [(1, 1), (5, 64), (33, 65), (101, 200), (300, 130)])
  func sumsAreInOrder(size: (columns: Int, count: Int)) throws {
    let (columns, count) = size
    let batches = [vectors(count: count, columns: columns), vectors(count: 70, columns: columns, seed: 2)]
    var expected = [Double](repeating: 0, count: columns * columns)
    for batch in batches {
      for start in stride(from: 0, to: batch.count, by: 64 * columns) {
        let group = Array(batch[start..<min(start + 64 * columns, batch.count)])
        for row in 0..<columns {
          for column in 0..<columns {
            var sum: Float = 0
            for vector in stride(from: 0, to: group.count, by: columns) {
              sum += group[vector + row] * group[vector + column]
            }
            expected[row * columns + column] += Double(sum)
          }
        }
      }
    }
    for threadCount in 1...3 {
      #expect(try moments(batches, columns: columns, threadCount: threadCount).sums == expected)
    }
  }

  @Test func withoutVectorsSumsAreZero() throws {
    let found = try moments([[]], columns: 3, threadCount: 2)
    #expect(found.sampleCount == 0 && found.sums == [Double](repeating: 0, count: 9))
  }

  @Test func withoutColumnsThereIsNothingToSum() throws {
    #expect(try moments([[], []], columns: 0, threadCount: 1).sums.isEmpty)
    #expect(MomentSums.byteCount(columns: 0) == 0)
  }

  @Test func onlyTheUpperTilesTakeMemory() {
    // Tiles of 256 x 256, 256 x 44 and 44 x 44, 8 bytes each.
    #expect(MomentSums.byteCount(columns: 300) == 8 * (256 * 256 + 256 * 44 + 44 * 44))
  }
}
