import MomosKernels
import MomosModel
import Testing

struct FixedProductTests {
  private func normals(_ count: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Float(generator.nextNormal()) }
  }

  private static let sizes = [
    (1, 1, 1), (3, 0, 5), (7, 5, 9), (8, 64, 48), (97, 300, 49), (200, 129, 100), (5, 700, 17),
  ]

  /// Every sum runs over ascending columns of the left matrix, from what the output holds.
  @Test(arguments: sizes, [false, true])
  func floatSumsAreInOrder(size: (rows: Int, inner: Int, columns: Int), accumulates: Bool) {
    let (rows, inner, columns) = size
    let (left, right) = (normals(rows * inner, seed: 1), normals(inner * columns, seed: 2))
    let start = normals(rows * columns, seed: 3)
    var expected = accumulates ? start : [Float](repeating: 0, count: rows * columns)
    for row in 0..<rows {
      for column in 0..<columns {
        for k in 0..<inner {
          expected[row * columns + column] += left[row * inner + k] * right[k * columns + column]
        }
      }
    }
    for threads in 1...3 {
      var output = start
      var span = output.mutableSpan
      FixedProduct.multiply(
        left.span, right.span, rows: rows, inner: inner, columns: columns, into: &span,
        accumulates: accumulates, pool: ThreadPool(threadCount: threads))
      #expect(output == expected)
    }
  }

  @Test(arguments: sizes, [false, true])
  func doubleSumsAreInOrder(size: (rows: Int, inner: Int, columns: Int), accumulates: Bool) {
    let (rows, inner, columns) = size
    // Products of these have more digits than a double.
    let left = normals(rows * inner, seed: 4).map { 1 / (Double($0) + 9) }
    let right = normals(inner * columns, seed: 5).map { 1 / (Double($0) + 9) }
    let start = normals(rows * columns, seed: 6).map { Double($0) / 3 }
    var expected = accumulates ? start : [Double](repeating: 0, count: rows * columns)
    for row in 0..<rows {
      for column in 0..<columns {
        for k in 0..<inner {
          expected[row * columns + column] += left[row * inner + k] * right[k * columns + column]
        }
      }
    }
    for threads in 1...3 {
      var output = start
      var span = output.mutableSpan
      FixedProduct.multiply(
        left.span, right.span, rows: rows, inner: inner, columns: columns, into: &span,
        accumulates: accumulates, pool: ThreadPool(threadCount: threads))
      #expect(output == expected)
    }
  }

  /// Groups of 64 rows in float32, then float64; both halves.
  @Test(arguments: [(1, 1), (64, 5), (65, 33), (200, 101), (300, 49)])
  func momentsAreSumsOfGroups(size: (count: Int, columns: Int)) {
    let (count, columns) = size
    let inputs = normals(count * columns, seed: 7)
    var expected = [Double](repeating: 0, count: columns * columns)
    for row in 0..<columns {
      for column in 0..<columns {
        for first in stride(from: 0, to: count, by: 64) {
          var sum: Float = 0
          for x in first..<min(first + 64, count) {
            sum += inputs[x * columns + row] * inputs[x * columns + column]
          }
          expected[row * columns + column] += Double(sum)
        }
      }
    }
    for threads in 1...3 {
      var moments = SecondMoments(columns: columns)
      moments.add(inputs.span, pool: ThreadPool(threadCount: threads))
      #expect(moments.matrix == expected)
    }
  }

  @Test func momentsOfSeveralCallsAdd() {
    let inputs = normals(10 * 3, seed: 8)
    let pool = ThreadPool(threadCount: 1)
    var moments = SecondMoments(columns: 3)
    moments.add(inputs.span.extracting(0..<12), pool: pool)
    moments.add(inputs.span.extracting(12..<30), pool: pool)
    for row in 0..<3 {
      for column in 0..<3 {
        let exact = (0..<10).reduce(0.0) {
          $0 + Double(inputs[$1 * 3 + row]) * Double(inputs[$1 * 3 + column])
        }
        #expect(abs(moments.matrix[row * 3 + column] - exact) < 1e-5)
      }
    }
  }
}
