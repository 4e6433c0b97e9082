import MomosFormat
import MomosInterchange
import MomosMetrics
import MomosModel
import MomosRuntime

/// Verifies a graph's outputs: executed from the mosaics, from the reconstructed and from the source's weights.
struct OutputCheck {
  let options: VerificationOptions

  func run(
    reader: MomosReader, source: SourceModel?
  ) throws(MomosError) -> OutputCheckResult {
    let inputs = try readInputs()
    let labels = try readLabels()
    var model = try MomosError.translating(in: options.file) { try reader.loadModel() }
    if let path = options.graph {
      (model.graphs, model.operatorSets) = try MomosError.translating { try GraphJSON.read(path) }
    }
    var layers: LayerComparison?
    var originals: [String: Tensor]?
    if let source {
      var comparison = LayerComparison()
      originals = try session(MomosError.translating { try model.replacingTensors(from: source) })
        .run(inputs) { comparison.addReference($0, $1) }
      layers = comparison
    }
    let outputs = try session(model).run(inputs) { layers?.compare($0, $1) }
    let reconstructed = try session(MomosError.translating { try model.reconstructed() }).run(inputs)
    var reports: [VerificationReport.OutputReport] = []
    var failures: [String] = []
    for value in model.graphs.first?.outputs ?? [] {
      guard let output = outputs[value.name], let expected = reconstructed[value.name] else { continue }
      let comparison = OutputComparison(
        name: value.name, output: output, reconstructed: expected, original: originals?[value.name],
        labels: labels)
      let report = comparison.report
      reports.append(report)
      failures += comparison.failures(report, options: options)
    }
    if let labels {
      let classCounts = reports.filter { $0.accuracy != nil }
        .compactMap { outputs[$0.name]?.shape.dimensions.last }
      try check(labels, classCount: classCounts.max())
    }
    return OutputCheckResult(outputs: reports, layers: layers?.reports ?? [], failures: failures)
  }

  /// - Parameter classCount: the most of an output that the labels are compared with; nil if there is none.
  private func check(_ labels: [Int], classCount: Int?) throws(MomosError) {
    guard let classCount else {
      throw MomosError(.badData, "no output has shape [\(labels.count), classes] to compare with the labels")
    }
    if let wrong = labels.first(where: { !(0..<classCount).contains($0) }) {
      throw MomosError(
        .badData, "'\(options.labels ?? "")': expected labels from 0 to \(classCount - 1), found \(wrong)")
    }
  }

  private func session(_ model: Model) throws(MomosError) -> Session {
    try Session(model: model, name: "'\(options.file)'", options: options.session)
  }

  private func readInputs() throws(MomosError) -> [String: Tensor] {
    var tensors: [String: Tensor] = [:]
    for (name, path) in options.inputs.inKeyOrder {
      tensors[name] = try MomosError.translating { try NPYFile(path: path).tensor() }
    }
    return tensors
  }

  private func readLabels() throws(MomosError) -> [Int]? {
    guard let path = options.labels else { return nil }
    let tensor = try MomosError.translating { try NPYFile(path: path).tensor() }
    guard let labels = tensor.integers() else {
      throw MomosError(.badData, "'\(path)': labels must be integers, found \(tensor.elementType.name)")
    }
    return labels
  }
}

/// What the execution of a graph showed.
struct OutputCheckResult {
  var outputs: [VerificationReport.OutputReport] = []
  var layers: [VerificationReport.LayerReport] = []
  var failures: [String] = []
}

/// What every node with a weight gives, executed from the file's and from the source's weights.
private struct LayerComparison {
  private var references: [NodeLabel: Tensor] = [:]
  private(set) var reports: [VerificationReport.LayerReport] = []

  /// - Parameter output: lives during the call, so it is copied.
  mutating func addReference(_ label: NodeLabel, _ output: Tensor) {
    guard output.elementType.isFloatingPoint, let bytes = try? output.bytes.copied() else { return }
    references[label] = Tensor(elementType: output.elementType, shape: output.shape, bytes: bytes)
  }

  mutating func compare(_ label: NodeLabel, _ output: Tensor) {
    guard let reference = references.removeValue(forKey: label), reference.shape == output.shape else {
      return
    }
    let metrics = ErrorMetrics(reference: reference.floats(), measured: output.floats())
    reports.append(
      VerificationReport.LayerReport(
        name: label.title, operatorType: label.operatorType, againstSource: MetricsReport(metrics)))
  }
}

/// One output, computed in several ways.
private struct OutputComparison {
  let name: String
  let output: Tensor
  let reconstructed: Tensor
  let original: Tensor?
  let labels: [Int]?

  var report: VerificationReport.OutputReport {
    let predicted = Classification(outputs: output)
    let expected = original.flatMap(Classification.init(outputs:))
    return VerificationReport.OutputReport(
      name: name,
      executedAgainstReconstructed: metrics(against: reconstructed),
      againstSource: original.map(metrics(against:)),
      divergence: original.flatMap { OutputDistribution.meanDivergence(of: output, from: $0) },
      topOneAgreement: expected.flatMap { predicted?.agreement(with: $0) },
      accuracy: labels.flatMap { predicted?.accuracy(labels: $0) },
      sourceAccuracy: labels.flatMap { expected?.accuracy(labels: $0) })
  }

  private func metrics(against reference: Tensor) -> MetricsReport {
    MetricsReport(ErrorMetrics(reference: reference.floats(), measured: output.floats()))
  }

  func failures(_ report: VerificationReport.OutputReport, options: VerificationOptions) -> [String] {
    var failures: [String] = []
    let bound = options.session.precision.batchErrorBound
    if !(report.executedAgainstReconstructed.relativeError <= bound) {
      failures.append(
        "output '\(name)': executed differs from reconstructed by "
          + "\(report.executedAgainstReconstructed.relativeError.shortText), more than \(bound.shortText)")
    }
    if let againstSource = report.againstSource {
      failures += options.failures(againstSource, of: "output '\(name)'")
    }
    if let wanted = options.minimumAccuracy, let accuracy = report.accuracy, accuracy < wanted {
      failures.append("output '\(name)': accuracy \(accuracy), at least \(wanted) wanted")
    }
    return failures
  }
}
