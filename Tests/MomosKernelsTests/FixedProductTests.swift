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
}
