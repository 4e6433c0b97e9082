import MomosFormat
import MomosInterchange
import MomosKernels
import MomosModel
import MomosRuntime

/// Verifies one tensor: against its source, against the recorded error, and its execution against its weights.
struct TensorCheck {
  let entry: TensorEntry
  let recorded: TensorProvenance?
  let options: VerificationOptions
  let pool: ThreadPool

  func run(
    reader: MomosReader, source: SourceModel?
  ) throws(MomosError) -> (report: VerificationReport.TensorReport, failures: [String]) {
    let content = try MomosError.translating(in: options.file) { try reader.resolve(entry.name) }
    var failures: [String] = []
    var againstSource: MetricsReport?
    var isRecordedSource: Bool?
    if let source {
      let original = try source.read(entry.name)
      let metrics = try metrics(of: content, against: original)
      againstSource = MetricsReport(metrics)
      isRecordedSource = recorded.map { $0.sourceDigest == xxh3(original.bytes) }
      failures += sourceFailures(metrics, isRecordedSource: isRecordedSource)
    }
    var executed: MetricsReport?
    if case .mosaic(let mosaic) = content {
      let metrics = try executionMetrics(of: mosaic, content)
      executed = MetricsReport(metrics)
      let bound = options.session.precision.relativeErrorBound
      if !(metrics.relativeError <= bound) {
        failures.append(
          "tensor '\(entry.name)': executed differs from reconstructed by \(metrics.relativeError.shortText), "
            + "more than \(bound.shortText) (\(options.session.precision.rawValue))")
      }
    }
    let report = VerificationReport.TensorReport(
      name: entry.name, className: recorded?.className ?? entry.kind.rawValue,
      isRecordedSource: isRecordedSource, againstSource: againstSource,
      executedAgainstReconstructed: executed, recordedRelativeError: recorded?.relativeError)
    return (report, failures)
  }

  private func metrics(of content: TensorContent, against original: Tensor) throws(MomosError) -> ErrorMetrics
  {
    guard original.shape == entry.shape, original.elementType == entry.elementType else {
      throw MomosError(
        .badData,
        "tensor '\(entry.name)' is \(entry.elementType.name) \(entry.shape) in the file, "
          + "\(original.elementType.name) \(original.shape) in the source")
    }
    let stored = try MomosError.translating { try content.dense() }
    // Equal bits are no error, whatever they mean: NaN, integers beyond float32, float64.
    if stored.bytes == original.bytes { return .identical(to: original) }
    var metrics = ErrorMetrics()
    let chunk = 1 << 20
    for start in stride(from: 0, to: stored.elementCount, by: chunk) {
      let range = start..<min(start + chunk, stored.elementCount)
      metrics.add(reference: original.floats(in: range), measured: stored.floats(in: range))
    }
    return metrics
  }

  /// - Parameter isRecordedSource: nil if the file does not say what it was made from.
  private func sourceFailures(_ metrics: ErrorMetrics, isRecordedSource: Bool?) -> [String] {
    var failures: [String] = []
    if isRecordedSource == false, !options.boundsSourceError {
      failures.append("tensor '\(entry.name)': the file was made from other values than the source's")
    }
    if !metrics.relativeError.isFinite, !options.boundsSourceError {
      failures.append("tensor '\(entry.name)': relative error \(metrics.relativeError) against the source")
    }
    // The recorded error was measured on the same float32 values; one part in a thousand covers rounding.
    if isRecordedSource == true, let limit = recorded?.relativeError,
      !(metrics.relativeError <= limit * 1.001 + 1e-7)
    {
      failures.append(
        "tensor '\(entry.name)': relative error \(metrics.relativeError.shortText) against the source, "
          + "\(limit.shortText) recorded")
    }
    if options.inputs.isEmpty {
      failures += options.failures(MetricsReport(metrics), of: "tensor '\(entry.name)'")
    }
    return failures
  }

  /// Vectors that execution is tried with.
  private static let batch = 4
  /// Rows whose references are held at a time.
  private static let rowChunk = 1 << 12

  /// Products with four random normal vectors, executed against float64 sums over reconstructed rows.
  private func executionMetrics(
    of mosaic: MosaicTensor, _ content: TensorContent
  ) throws(MomosError) -> ErrorMetrics {
    let multiplier = try TensorMultiplier(
      content, name: entry.name, precision: options.session.precision, pool: pool)
    let (rows, columns) = (multiplier.rows, multiplier.columns)
    return try MomosError.translating {
      let input = try randomInput(columns: columns)
      let output = try multiplier.multiply(input).output
      let weights = try ReconstructedRows(mosaic, columns: columns, rowsAtOnce: pool.threadCount)
      var metrics = ErrorMetrics()
      for start in stride(from: 0, to: rows, by: Self.rowChunk) {
        let references = pool.map(taskCount: min(Self.rowChunk, rows - start)) { row in
          weights.products(row: start + row, input: input, batch: Self.batch)
        }
        let measured = output.bytes.span(of: Float.self)
        for (row, reference) in references.enumerated() {
          metrics.add(
            reference: reference.map { Float($0) },
            measured: (0..<Self.batch).map { measured[$0 * rows + start + row] })
        }
      }
      return metrics
    }
  }

  /// `[batch, columns]`, in checked memory: a small file may claim many columns.
  private func randomInput(columns: Int) throws(ModelError) -> Tensor {
    var generator = SeededGenerator(seed: UInt64(entry.number))
    let shape = try Shape([Self.batch, columns])
    var input = try MutableBytes(byteCount: shape.elementCount * MemoryLayout<Float>.stride)
    var values = input.mutableSpan(of: Float.self)
    for position in values.indices { values[position] = Float(generator.nextNormal()) }
    return Tensor(elementType: .float32, shape: shape, bytes: input.freeze())
  }
}

/// Rows of a mosaic's weights, one at a time where the composition allows it.
private struct ReconstructedRows: Sendable {
  private let reconstruction: Reconstruction?
  /// The whole matrix `[rows, columns]` where rows are not blocks of their own.
  private let matrix: Tensor?
  private let columns: Int

  init(_ mosaic: MosaicTensor, columns: Int, rowsAtOnce: Int) throws(ModelError) {
    self.columns = columns
    let reconstruction = Reconstruction(mosaic)
    if mosaic.composition == .sum && mosaic.blocking == .rows {
      try reconstruction.requireMemory(rowCount: rowsAtOnce)
      self.reconstruction = reconstruction
      matrix = nil
    } else {
      self.reconstruction = nil
      let view = mosaic.blocking == .rows ? mosaic.view : .lastAxisIsInput(rank: mosaic.shape.rank)
      matrix = try view.matrix(of: reconstruction.dense())
      try AvailableMemory.require(byteCount: rowsAtOnce * columns * MemoryLayout<Float>.stride)
    }
  }

  /// dot(row, input) in float64 for each input of the batch.
  func products(row: Int, input: Tensor, batch: Int) -> [Double] {
    let weights =
      reconstruction?.row(row) ?? matrix?.floats(in: row * columns..<(row + 1) * columns) ?? []
    let values = input.bytes.span(of: Float.self)
    return (0..<batch).map { sample in
      var sum = 0.0
      for column in 0..<columns {
        sum += Double(weights[column]) * Double(values[sample * columns + column])
      }
      return sum
    }
  }
}

extension ErrorMetrics {
  /// The metrics of a tensor that equals its reference bit for bit.
  fileprivate static func identical(to reference: Tensor) -> ErrorMetrics {
    let values = reference.floats().filter(\.isFinite)
    return ErrorMetrics(reference: values, measured: values)
  }
}
