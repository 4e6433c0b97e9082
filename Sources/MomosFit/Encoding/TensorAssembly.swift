import MomosKernels
import MomosModel

/// Puts the encoded parts of a tensor together, and measures what they lost.
struct TensorAssembly {
  let elementType: ElementType
  let shape: Shape
  let view: MatrixView
  let use: WeightUse
  private var parts: [MosaicPart] = []
  private var outliers: [(row: Int, column: Int, value: Float16)] = []
  private var metrics = ErrorMetrics()
  /// Sums of e H e^T and w H w^T.
  private var outputEnergies = (error: 0.0, weights: 0.0)

  init(elementType: ElementType, shape: Shape, view: MatrixView, use: WeightUse) {
    self.elementType = elementType
    self.shape = shape
    self.view = view
    self.use = use
  }

  /// Adds a part; parts come in the order of the plan.
  mutating func add(
    _ encoding: PartEncoding, of rows: PartRows, planned: [PlannedDictionary],
    dictionaries: [MotifDictionary],
    pool: ThreadPool
  ) throws(ModelError) {
    var stages: [Stage] = []
    for (stage, dictionary) in dictionaries.enumerated() {
      let mosaic = try Mosaic(
        packing: encoding.indices[stage], rowCount: rows.count,
        blockCount: dictionary.blockCount(covering: rows.columnCount), blockLength: dictionary.blockLength,
        indexWidth: dictionary.indexWidth,
        layout: planned[stage].layout(rowCount: rows.count, use: use))
      stages.append(Stage(dictionary: dictionary, mosaic: mosaic))
    }
    var scales: Tensor?
    if let rowScale = rows.rowScale {
      scales = try Tensor(rounding: encoding.scales, to: rowScale, shape: Shape(vector: rows.count))
    }
    parts.append(MosaicPart(rows: rows.rows, columns: rows.columns, stages: stages, rowScale: scales))
    measure(encoding, of: rows, dictionaries: dictionaries, pool: pool)
  }

  private mutating func measure(
    _ encoding: PartEncoding, of rows: PartRows, dictionaries: [MotifDictionary], pool: ThreadPool
  ) {
    let expansion = MotifExpansion(dictionaries, columnCount: rows.columnCount)
    let chunk = max(1, 65_536 / max(1, rows.columnCount))
    let chunks = pool.map(taskCount: (rows.count + chunk - 1) / chunk) { task in
      var metrics = ErrorMetrics()
      var outliers: [(row: Int, column: Int, value: Float16)] = []
      for row in task * chunk..<min((task + 1) * chunk, rows.count) {
        let source = rows.source(row)
        var measured = expansion.row(row, of: encoding.indices)
        for column in measured.indices { measured[column] *= encoding.scales[row] }
        for column in rows.outlierColumns(row) {
          let value = Float16(source[column] - measured[column])
          outliers.append((rows.matrixRow(row), rows.matrixColumn(column), value))
          measured[column] += Float(value)
        }
        metrics.add(reference: source, measured: measured.map { rows.stored(weight: $0) })
      }
      return (metrics, outliers)
    }
    for (chunkMetrics, chunkOutliers) in chunks {
      metrics.add(chunkMetrics)
      outliers += chunkOutliers
    }
  }

  /// Adds the error of weights that no part covers, which are zero.
  mutating func addUncovered(of matrix: Tensor) {
    let (rowCount, columnCount) = (matrix.shape[0], matrix.shape[1])
    var partsOfRow = [[Int]](repeating: [], count: rowCount)
    for (number, part) in parts.enumerated() {
      for row in part.rows ?? Array(0..<rowCount) { partsOfRow[row].append(number) }
    }
    for (row, numbers) in partsOfRow.enumerated() {
      var isCovered = [Bool](repeating: false, count: columnCount)
      for number in numbers {
        for column in parts[number].columns ?? Array(0..<columnCount) { isCovered[column] = true }
      }
      let weights = matrix.floats(in: row * columnCount..<(row + 1) * columnCount)
      let uncovered = zip(weights, isCovered).filter { !$1 }.map(\.0)
      metrics.add(reference: uncovered, measured: [Float](repeating: 0, count: uncovered.count))
    }
  }

  /// Adds what the errors of a part, the last one added, do to the outputs.
  mutating func addOutputError(
    _ encoding: PartEncoding, of rows: PartRows, dictionaries: [MotifDictionary],
    _ statistics: LayerStatistics,
    pool: ThreadPool
  ) {
    let expansion = MotifExpansion(dictionaries, columnCount: rows.columnCount)
    let member = RefinementMember(rows: rows, statistics: statistics, importance: 1, encoding: encoding)
    outputEnergies.weights += member.outputEnergy(pool: pool) { rows.source($0) }
    outputEnergies.error += member.outputEnergy(pool: pool) { row in
      let outliers = rows.outlierColumns(row)
      let scale = encoding.scales[row]
      var errors = rows.source(row)
      let sum = expansion.row(row, of: encoding.indices)
      for column in errors.indices { errors[column] -= scale * sum[column] }
      for column in outliers { errors[column] = 0 }
      return errors
    }
  }

  /// Adds what the errors of all parts, whose columns are not those of the matrix, do to the outputs.
  mutating func addOutputError(of matrix: Tensor, _ statistics: LayerStatistics, pool: ThreadPool) {
    let rows = PartRows(
      matrix: matrix, rows: nil, columns: nil, annealing: nil, rowScale: nil, outliers: .none)
    let member = RefinementMember(
      rows: rows, statistics: statistics, importance: 1, encoding: PartEncoding(indices: [], scales: []))
    let reconstruction = Reconstruction(finished().tensor)
    outputEnergies.weights += member.outputEnergy(pool: pool) { rows.source($0) }
    outputEnergies.error += member.outputEnergy(pool: pool) { row in
      zip(rows.source(row), reconstruction.row(row)).map { $0 - $1 }
    }
  }

  /// The finished tensor.
  func finished() -> FittedTensor {
    let sorted = outliers.sorted { ($0.row, $0.column) < ($1.row, $1.column) }
    return FittedTensor(
      tensor: MosaicTensor(
        elementType: elementType, shape: shape, view: view, parts: parts,
        outliers: Outliers(
          rows: sorted.map(\.row), columns: sorted.map(\.column), values: sorted.map(\.value))),
      metrics: metrics,
      outputError: outputEnergies.weights > 0
        ? (outputEnergies.error / outputEnergies.weights).squareRoot() : nil)
  }
}

extension RefinementMember {
  /// The sum of e H e^T over rows e that are made for the rows of the part.
  fileprivate func outputEnergy(pool: ThreadPool, make: @Sendable (Int) -> [Float]) -> Double {
    multiplied(pool: pool, make: make) { _, made, products in
      zip(made, products).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    }.reduce(0, +)
  }
}
