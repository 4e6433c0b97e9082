import MomosKernels
import MomosModel

/// Multiplies by a mosaic tensor with blocking `.rows`: its parts, each on its own rows and columns, then its
/// outliers, in that order.
struct MosaicMultiplier: Sendable {
  private struct Part: Sendable {
    /// Exact, and what other classes fall back on.
    let multiplier: PartMultiplier
    /// nil in class `exact` and for forms that the table kernels do not cover.
    let lookups: LookupMultiplier?
    let rows: [Int]?
    let columns: [Int]?

    func multiply(
      _ input: Span<Float>, batch: Int, into output: inout MutableSpan<Float>, pool: ThreadPool
    ) throws(ModelError) -> Int {
      if let lookups { return try lookups.multiply(input, batch: batch, into: &output, pool: pool) }
      return try multiplier.multiply(input, batch: batch, into: &output, pool: pool)
    }
  }

  private let rows: Int
  private let columns: Int
  private let parts: [Part]
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
    var parts: [Part] = []
    for part in tensor.parts {
      var stages: [(mosaic: Mosaic, dictionary: ExecutableDictionary)] = []
      for stage in part.stages {
        stages.append((stage.mosaic, try dictionaries.expand(stage.dictionary)))
      }
      let multiplier = PartMultiplier(
        rows: part.rows?.count ?? shape[0], columns: part.columns?.count ?? shape[1], stages: stages,
        rowScale: part.rowScale?.floats())
      let lookups =
        precision == .exact
        ? nil
        : try LookupMultiplier(
          rows: multiplier.rows, columns: multiplier.columns, stages: stages,
          rowScale: part.rowScale?.floats())
      parts.append(
        Part(multiplier: multiplier, lookups: lookups, rows: part.rows, columns: part.columns))
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
    _ part: Part, input: Span<Float>, batch: Int, to output: inout MutableSpan<Float>, pool: ThreadPool
  ) throws(ModelError) -> Int {
    let partRows = part.multiplier.rows
    var gathered: [Float] = []
    gathered.reserveCapacity(batch * part.multiplier.columns)
    for sample in 0..<batch {
      for position in 0..<part.multiplier.columns {
        gathered.append(input[sample * columns + (part.columns?[position] ?? position)])
      }
    }
    var sums = [Float](repeating: 0, count: batch * partRows)
    var sumSpan = sums.mutableSpan
    let products = try part.multiply(gathered.span, batch: batch, into: &sumSpan, pool: pool)
    for sample in 0..<batch {
      for position in 0..<partRows {
        output[sample * rows + (part.rows?[position] ?? position)] += sums[sample * partRows + position]
      }
    }
    return products
  }

  private func addOutliers(input: Span<Float>, batch: Int, to output: inout MutableSpan<Float>) {
    for position in 0..<outliers.count {
      for sample in 0..<batch {
        output[sample * rows + outliers.rows[position]] +=
          outlierValues[position] * input[sample * columns + outliers.columns[position]]
      }
    }
  }
}
