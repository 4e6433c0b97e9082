import MomosKernels
import MomosModel

/// Multiplies by a mosaic tensor with blocking `.rows`: its parts, each on its own rows and columns, then its
/// outliers, in that order.
struct MosaicMultiplier: Sendable {
  private let rows: Int
  private let columns: Int
  private let parts: [PartExecution]
  /// nil for one part of all rows and columns.
  private let products: PartProducts?
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
    let isWhole = parts.count == 1 && tensor.parts[0].rows == nil && tensor.parts[0].columns == nil
    products =
      isWhole
      ? nil : PartProducts(rows: rows, columns: columns, parts: tensor.parts.map { ($0.rows, $0.columns) })
  }

  func multiply(
    _ input: Span<Float>, batch: Int, into output: inout MutableSpan<Float>, pool: ThreadPool
  ) throws(ModelError) -> Int {
    let motifProducts: Int
    if let products {
      motifProducts = try products.multiply(
        input, batch: batch, into: &output, pool: pool, vectors: parts.map { $0.vectors(batch: batch) }
      ) { (number, placement, input, output, pool) throws(ModelError) in
        try parts[number].multiply(input, batch: batch, placement: placement, into: &output, pool: pool)
      }
    } else {
      motifProducts = try parts[0].multiply(input, batch: batch, into: &output, pool: pool)
    }
    addOutliers(input: input, batch: batch, to: &output)
    return motifProducts
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
