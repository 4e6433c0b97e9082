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
      output.update(repeating: 0)
      for part in parts {
        products += try add(part, input: input, batch: batch, to: &output, pool: pool)
      }
    }
    addOutliers(input: input, batch: batch, to: &output)
    return products
  }

  private func add(
    _ part: PartExecution, input: Span<Float>, batch: Int, to output: inout MutableSpan<Float>,
    pool: ThreadPool
  ) throws(ModelError) -> Int {
    let partRows = part.rowCount
    let partColumns = part.columnCount
    var gathered = try ScratchMemory(floatCount: batch * partColumns)
    var inputs = gathered.mutableSpan(of: Float.self)
    for sample in 0..<batch {
      for position in 0..<partColumns {
        inputs[sample * partColumns + position] =
          input[sample * columns + (part.columns?[position] ?? position)]
      }
    }
    var results = try ScratchMemory(floatCount: batch * partRows)
    var sums = results.mutableSpan(of: Float.self)
    let products = try part.multiply(inputs.span, batch: batch, into: &sums, pool: pool)
    for sample in 0..<batch {
      for position in 0..<partRows {
        output[sample * rows + (part.rows?[position] ?? position)] += sums[sample * partRows + position]
      }
    }
    return products
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
