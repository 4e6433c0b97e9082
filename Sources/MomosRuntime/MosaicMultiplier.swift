import MomosKernels
import MomosModel

/// Multiplies by a mosaic tensor with blocking `.rows`: its parts, each on its own rows and columns, then its
/// outliers, in that order.
struct MosaicMultiplier: Sendable {
  private let rows: Int
  private let columns: Int
  private let parts: [PartExecution]
  private let outliers: Outliers
  private let outlierValues: [Float]

  init(
    _ tensor: MosaicTensor, precision: Precision, dictionaries: inout ExecutableDictionaries
  ) throws(ModelError) {
    let shape = tensor.matrixShape
    rows = shape[0]
    columns = shape[1]
    outliers = tensor.outliers
    outlierValues = tensor.outliers.values.map { Float($0) }
    var parts: [PartExecution] = []
    for part in tensor.parts {
      parts.append(
        try PartExecution(part, matrix: shape, precision: precision, dictionaries: &dictionaries))
    }
    self.parts = parts
  }

  func multiply(
    _ input: Span<Float>, batch: Int, into output: inout MutableSpan<Float>, pool: ThreadPool
  ) throws(ModelError) -> Int {
    var products = 0
    if parts.count == 1, parts[0].rows == nil, parts[0].columns == nil {
      products = try parts[0].multiply(input, batch: batch, into: &output, pool: pool)
    } else {
      products = try addParts(input, batch: batch, into: &output, pool: pool)
    }
    addOutliers(input: input, batch: batch, to: &output)
    return products
  }

  /// Multiplies by every part on its own: one part on each thread where there are enough of them, else all threads on
  /// one part after the other.
  private func addParts(
    _ input: Span<Float>, batch: Int, into output: inout MutableSpan<Float>, pool: ThreadPool
  ) throws(ModelError) -> Int {
    let inputs = parts.map { gathered(input, batch: batch, for: $0) }
    let isSpread = pool.threadCount > 1 && parts.count >= pool.threadCount
    let partPool = isSpread ? Self.serial : pool
    let multiply: @Sendable (Int) -> Result<(sums: [Float], products: Int), ModelError> = { number in
      let (part, input) = (parts[number], inputs[number])
      return Result { () throws(ModelError) in
        var sums = [Float](repeating: 0, count: batch * part.rowCount)
        var target = sums.mutableSpan
        let products = try part.multiply(input.span, batch: batch, into: &target, pool: partPool)
        return (sums, products)
      }
    }
    let results = isSpread ? pool.map(taskCount: parts.count, multiply) : parts.indices.map(multiply)
    output.update(repeating: 0)
    var products = 0
    for (part, result) in zip(parts, results) {
      let (sums, count) = try result.get()
      products += count
      scatter(sums, of: part, batch: batch, to: &output)
    }
    return products
  }

  private static let serial = ThreadPool(threadCount: 1)

  /// The inputs of a part, `[batch, part.columnCount]`.
  private func gathered(_ input: Span<Float>, batch: Int, for part: PartExecution) -> [Float] {
    var gathered = [Float](repeating: 0, count: batch * part.columnCount)
    var target = gathered.mutableSpan
    for sample in 0..<batch {
      let source = sample * columns
      var position = sample * part.columnCount
      guard let list = part.columns else {
        for column in 0..<columns { target[position + column] = input[source + column] }
        continue
      }
      let chosen = list.span
      for number in chosen.indices {
        target[position] = input[source + chosen[number]]
        position += 1
      }
    }
    return gathered
  }

  private func scatter(
    _ sums: [Float], of part: PartExecution, batch: Int, to output: inout MutableSpan<Float>
  ) {
    let sums = sums.span
    for sample in 0..<batch {
      let target = sample * rows
      var position = sample * part.rowCount
      guard let list = part.rows else {
        for row in 0..<rows { output[target + row] += sums[position + row] }
        continue
      }
      let chosen = list.span
      for number in chosen.indices {
        output[target + chosen[number]] += sums[position]
        position += 1
      }
    }
  }

  /// One sample after the other: its inputs and outputs stay in the nearest cache.
  private func addOutliers(input: Span<Float>, batch: Int, to output: inout MutableSpan<Float>) {
    for sample in 0..<batch {
      for position in 0..<outliers.count {
        output[sample * rows + outliers.rows[position]] +=
          outlierValues[position] * input[sample * columns + outliers.columns[position]]
      }
    }
  }
}
