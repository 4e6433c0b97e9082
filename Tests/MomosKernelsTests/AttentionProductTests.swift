import Glibc
import MomosKernels
import MomosModel
import Testing

/// Attention in one pass against float64.
struct AttentionProductTests {
  private typealias Layout = AttentionProduct.Layout

  private func normals(_ count: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Float(generator.nextNormal()) }
  }

  /// softmax(scale query key' + bias) value of one query, in float64.
  private func expected(
    query: [Double], keys: [[Double]], values: [[Double]], scale: Double, bias: [Double]
  ) -> [Double] {
    let scores = keys.indices.map { key in
      zip(query, keys[key]).reduce(bias[key]) { $0 + scale * $1.0 * $1.1 }
    }
    let maximum = scores.max() ?? 0
    let powers = scores.map { exp($0 - maximum) }
    let sum = powers.reduce(0, +)
    return values[0].indices.map { column in
      keys.indices.reduce(0) { $0 + powers[$1] / sum * values[$1][column] }
    }
  }

  /// Heads side by side in rows, `[sample, row, head, element]`, as products with weights give them.
  @Test(
    arguments: [(1, 1, 1), (5, 7, 3), (16, 16, 16), (64, 64, 32), (65, 33, 8), (130, 70, 17)],
    [false, true])
  func headsSideBySideAgreeWithFloat64(_ size: (queries: Int, keys: Int, inner: Int), _ hasBias: Bool) throws
  {
    let (samples, heads, columns) = (2, 3, 5)
    let sizes = AttentionProduct.Sizes(
      samples: samples, heads: heads, queries: size.queries, keys: size.keys, inner: size.inner,
      columns: columns)
    func sideBySide(_ rows: Int, _ width: Int) -> Layout {
      Layout(sample: rows * heads * width, head: width, row: heads * width)
    }
    let product = AttentionProduct(
      sizes: sizes, scale: 0.25, query: sideBySide(size.queries, size.inner),
      key: sideBySide(size.keys, size.inner), value: sideBySide(size.keys, columns),
      output: sideBySide(size.queries, columns), bias: Layout(sample: size.keys, head: 0, row: 0))
    let query = normals(samples * size.queries * heads * size.inner, seed: 1)
    let key = normals(samples * size.keys * heads * size.inner, seed: 2)
    let value = normals(samples * size.keys * heads * columns, seed: 3)
    let bias = normals(samples * size.keys, seed: 4)
    var results: [[Float]] = []
    for threadCount in [1, 2, 5] {
      var output = [Float](repeating: .nan, count: samples * size.queries * heads * columns)
      var span = output.mutableSpan
      try product.execute(
        query.span, key.span, value.span, bias: hasBias ? bias.span : nil, into: &span,
        pool: ThreadPool(threadCount: threadCount))
      results.append(output)
    }
    #expect(results[1] == results[0] && results[2] == results[0])
    for sample in 0..<samples {
      for head in 0..<heads {
        func matrix(_ tensor: [Float], _ rows: Int, _ width: Int) -> [[Double]] {
          (0..<rows).map { row in
            (0..<width).map { Double(tensor[((sample * rows + row) * heads + head) * width + $0]) }
          }
        }
        let (queries, keys) = (matrix(query, size.queries, size.inner), matrix(key, size.keys, size.inner))
        let found = matrix(results[0], size.queries, columns)
        for row in 0..<size.queries {
          let wanted = expected(
            query: queries[row], keys: keys, values: matrix(value, size.keys, columns), scale: 0.25,
            bias: (0..<size.keys).map { hasBias ? Double(bias[sample * size.keys + $0]) : 0 })
          for column in 0..<columns { #expect(abs(found[row][column] - wanted[column]) <= 1e-5) }
        }
      }
    }
  }

  /// By hand: scores 0 and ln 3 give weights 1/4 and 3/4.
  @Test func transposedKeysAreTakenWhereTheyLie() throws {
    let sizes = AttentionProduct.Sizes(samples: 1, heads: 1, queries: 1, keys: 2, inner: 2, columns: 1)
    let one = Layout(sample: 0, head: 0, row: 2)
    let product = AttentionProduct(
      sizes: sizes, scale: 2, query: one, key: one, hasTransposedKeys: true,
      value: Layout(sample: 0, head: 0, row: 1), output: Layout(sample: 0, head: 0, row: 1))
    let query: [Float] = [1, 1]
    // Keys [1, -1] and [1, ln 3 / 2 - 1], one in each column.
    let key: [Float] = [1, 1, -1, Float(log(3.0) / 2 - 1)]
    let value: [Float] = [4, 8]
    var output: [Float] = [0]
    var span = output.mutableSpan
    try product.execute(
      query.span, key.span, value.span, into: &span, pool: ThreadPool(threadCount: 1))
    #expect(abs(output[0] - 7) <= 1e-5)
  }

  @Test func hiddenKeysHaveNoWeight() throws {
    let sizes = AttentionProduct.Sizes(samples: 1, heads: 1, queries: 2, keys: 3, inner: 1, columns: 1)
    let one = Layout(sample: 0, head: 0, row: 1)
    let product = AttentionProduct(
      sizes: sizes, scale: 1, query: one, key: one, value: one, output: one,
      bias: Layout(sample: 0, head: 0, row: 3))
    let hidden = -Float.infinity
    let bias: [Float] = [hidden, 0, hidden, hidden, hidden, hidden]
    let (query, key, value): ([Float], [Float], [Float]) = ([1, 1], [1, 2, 3], [10, 20, 30])
    var output: [Float] = [0, 0]
    var span = output.mutableSpan
    try product.execute(
      query.span, key.span, value.span, bias: bias.span, into: &span, pool: ThreadPool(threadCount: 1))
    #expect(output[0] == 20 && output[1].isNaN)
  }
}
