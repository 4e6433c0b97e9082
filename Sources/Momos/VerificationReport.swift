/// How far a file is from its source, and its execution from its reconstructed weights.
public struct VerificationReport: Report, Sendable {
  /// One mosaic tensor, or one dense tensor compared with its source.
  public struct TensorReport: Encodable, Sendable {
    public let name: String
    public let className: String
    /// False if the source's values are not those that the file was made from; nil without source.
    public let isRecordedSource: Bool?
    /// Reconstructed weights against the source's; nil without source.
    public let againstSource: MetricsReport?
    /// Products with random vectors, executed from the mosaic, against float64 products with the reconstructed
    /// weights; nil for dense tensors.
    public let executedAgainstReconstructed: MetricsReport?
    /// The error against the source that the conversion recorded.
    public let recordedRelativeError: Double?
  }

  /// One output of the graph.
  public struct OutputReport: Encodable, Sendable {
    public let name: String
    /// Executed from mosaics against executed from the reconstructed weights.
    public let executedAgainstReconstructed: MetricsReport
    /// Executed from mosaics against executed from the source's weights; nil without source.
    public let againstSource: MetricsReport?
    /// Share of samples for which both predict the same class; nil unless the output is `[samples, classes]`.
    public let topOneAgreement: Double?
    /// Share of samples whose predicted class is the label; nil without labels.
    public let accuracy: Double?
    /// The same for the source's weights.
    public let sourceAccuracy: Double?
  }

  public let file: String
  public let precision: String
  public let tensors: [TensorReport]
  public let outputs: [OutputReport]
  /// What was missed, in words; empty if everything holds.
  public let failures: [String]

  public var hasPassed: Bool { failures.isEmpty }

  private enum CodingKeys: String, CodingKey {
    case file, precision, tensors, outputs, failures, hasPassed
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(file, forKey: .file)
    try container.encode(precision, forKey: .precision)
    try container.encode(tensors, forKey: .tensors)
    try container.encode(outputs, forKey: .outputs)
    try container.encode(failures, forKey: .failures)
    try container.encode(hasPassed, forKey: .hasPassed)
  }

  public var text: String {
    var parts = [tensorTable]
    if !outputs.isEmpty { parts.append(outputTable) }
    parts.append(
      hasPassed
        ? "\(file): verified (\(precision))"
        : failures.map { "FAILED \($0.printable)" }.joined(separator: "\n"))
    return parts.joined(separator: "\n\n")
  }

  private var tensorTable: String {
    var table = TextTable([
      ("tensor", .left), ("class", .left), ("against source", .right), ("SNR dB", .right),
      ("cosine", .right), ("executed", .right),
    ])
    for tensor in tensors {
      table.add([
        tensor.name, tensor.className, tensor.againstSource?.relativeError.shortText ?? "",
        tensor.againstSource?.snrDb.text(decimals: 1) ?? "",
        tensor.againstSource?.cosine.text(decimals: 6) ?? "",
        tensor.executedAgainstReconstructed?.relativeError.shortText ?? "",
      ])
    }
    return table.text
  }

  private var outputTable: String {
    var table = TextTable([
      ("output", .left), ("against source", .right), ("SNR dB", .right), ("cosine", .right),
      ("executed", .right), ("agreement", .right), ("accuracy", .right), ("source", .right),
    ])
    for output in outputs {
      table.add([
        output.name, output.againstSource?.relativeError.shortText ?? "",
        output.againstSource?.snrDb.text(decimals: 1) ?? "",
        output.againstSource?.cosine.text(decimals: 6) ?? "",
        output.executedAgainstReconstructed.relativeError.shortText,
        output.topOneAgreement.map(percent) ?? "", output.accuracy.map(percent) ?? "",
        output.sourceAccuracy.map(percent) ?? "",
      ])
    }
    return table.text
  }

  private func percent(_ share: Double) -> String { (share * 100).text(decimals: 2) + " %" }
}
