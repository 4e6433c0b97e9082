import MomosFormat
import MomosInterchange
import MomosMetrics
import MomosModel

/// Verifies a graph's outputs: executed from the mosaics, from the reconstructed and from the source's weights.
struct OutputCheck {
  let options: VerificationOptions

  func run(
    reader: MomosReader, source: SourceModel?
  ) throws(MomosError) -> (reports: [VerificationReport.OutputReport], failures: [String]) {
    let inputs = try readInputs()
    let labels = try readLabels()
    var model = try MomosError.translating(in: options.file) { try reader.loadModel() }
    if let path = options.graph {
      (model.graphs, model.operatorSets) = try MomosError.translating { try GraphJSON.read(path) }
    }
    let outputs = try outputs(of: model, inputs: inputs)
    let reconstructed = try self.outputs(
      of: MomosError.translating { try model.reconstructed() }, inputs: inputs)
    var originals: [String: Tensor]?
    if let source {
      originals = try self.outputs(
        of: MomosError.translating { try model.replacingTensors(from: source) }, inputs: inputs)
    }
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
    if labels != nil, !reports.contains(where: { $0.accuracy != nil }) {
      throw MomosError(
        .badData, "no output has shape [\(labels?.count ?? 0), classes] to compare with the labels")
    }
    return (reports, failures)
  }

  private func outputs(of model: Model, inputs: [String: Tensor]) throws(MomosError) -> [String: Tensor] {
    try Session(model: model, name: "'\(options.file)'", options: options.session).run(inputs)
  }

  private func readInputs() throws(MomosError) -> [String: Tensor] {
    var tensors: [String: Tensor] = [:]
    for (name, path) in options.inputs.sorted(by: { $0.key < $1.key }) {
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

extension Model {
  /// The model with every mosaic replaced by its dense weights.
  fileprivate func reconstructed() throws(ModelError) -> Model {
    var model = self
    for position in tensors.indices {
      guard case .mosaic(let mosaic) = tensors[position].content else { continue }
      model.tensors[position].content = .dense(try Reconstruction(mosaic).dense())
    }
    return model
  }

  /// The model with the source's weights; aliases stay.
  fileprivate func replacingTensors(from source: SourceModel) throws(MomosError) -> Model {
    var model = self
    for position in tensors.indices {
      if case .alias = tensors[position].content { continue }
      model.tensors[position].content = .dense(try source.read(tensors[position].name))
    }
    return model
  }
}
