import MomosKernels
import MomosModel
import Testing

/// Products of activations against float64.
struct ActivationProductTests {
  private func normals(_ count: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Float(generator.nextNormal()) }
  }

  private func multiplied(
    _ product: ActivationProduct, _ left: [Float], _ right: [Float], outputCount: Int, threadCount: Int = 1
  ) -> [Float] {
    let pool = ThreadPool(threadCount: threadCount)
    var output = [Float](repeating: -7, count: outputCount)
    var scratch = [Float](repeating: .nan, count: product.scratchCount(pool: pool))
    var span = output.mutableSpan
    var scratchSpan = scratch.mutableSpan
    product.multiply(left.span, right.span, into: &span, scratch: &scratchSpan, pool: pool)
    return output
  }

  @Test(
    arguments: [
      (1, 1, 1), (3, 33, 5), (16, 32, 16), (8, 64, 7), (50, 17, 300), (19, 1100, 23), (1, 40, 257),
      (2, 1030, 48),
    ], [false, true])
  func productsAgreeWithFloat64(size: (rows: Int, inner: Int, columns: Int), isTransposed: Bool) {
    let (rows, inner, columns) = size
    let batch = 3
    let product = ActivationProduct(
      rows: rows, inner: inner, columns: columns, isRightTransposed: isTransposed, batch: batch)
    let left = normals(batch * rows * inner, seed: 1)
    let right = normals(batch * inner * columns, seed: 2)
    let outputs = [1, 2, 5].map {
      multiplied(product, left, right, outputCount: batch * rows * columns, threadCount: $0)
    }
    #expect(outputs[1] == outputs[0] && outputs[2] == outputs[0])
    var error = 0.0
    var norm = 0.0
    for index in outputs[0].indices {
      let (matrix, row, column) = (index / (rows * columns), index / columns % rows, index % columns)
      var exact = 0.0
      for step in 0..<inner {
        let place = isTransposed ? column * inner + step : step * columns + column
        exact +=
          Double(left[(matrix * rows + row) * inner + step]) * Double(right[matrix * inner * columns + place])
      }
      error += (Double(outputs[0][index]) - exact) * (Double(outputs[0][index]) - exact)
      norm += exact * exact
    }
    #expect((error / norm).squareRoot() < 2e-6)
  }

  /// By hand: heads that lie side by side in a row, as attention has them; gaps of the output stay.
  @Test func stridesReachIntoLargerTensors() {
    // Two heads of width 2 in rows of 4; scores [2, 2] for each head in rows of 3.
    let queries: [Float] = [1, 2, 10, 20, 3, 4, 30, 40]
    let keys: [Float] = [1, 0, 0, 1, 0, 1, 1, 0]
    let heads = ActivationProduct.Layout(rowStride: 4, step: 2)
    let product = ActivationProduct(
      rows: 2, inner: 2, columns: 2, isRightTransposed: true, batch: 2, left: heads, right: heads,
      output: ActivationProduct.Layout(rowStride: 3, step: 6))
    #expect(
      multiplied(product, queries, keys, outputCount: 12) == [1, 2, -7, 3, 4, -7, 20, 10, -7, 40, 30, -7])
  }

  @Test func oneMatrixServesAllOfABatch() {
    let product = ActivationProduct(
      rows: 1, inner: 2, columns: 2, batch: 2, right: ActivationProduct.Layout(rowStride: 2, step: 0))
    #expect(
      multiplied(product, [1, 2, 3, 4], [1, 10, 100, 1000], outputCount: 4) == [201, 2010, 403, 4030])
  }

  @Test func emptyMatricesGiveZeroOrNothing() {
    let nothing = ActivationProduct(rows: 0, inner: 3, columns: 2)
    #expect(multiplied(nothing, [], [1, 2, 3, 4, 5, 6], outputCount: 0) == [])
    let zero = ActivationProduct(rows: 2, inner: 0, columns: 2)
    #expect(multiplied(zero, [], [], outputCount: 4) == [0, 0, 0, 0])
  }
}
