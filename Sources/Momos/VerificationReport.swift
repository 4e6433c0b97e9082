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

  /// What one node with a weight gives, executed from the mosaics against executed from the source's weights: its own
  /// error and that of all nodes before it.
  public struct LayerReport: Encodable, Sendable {
    public let name: String
    public let operatorType: String
    public let againstSource: MetricsReport

    /// Least signal-to-noise ratio in dB of a layer that counts as good: an error of less than a third.
    public static let leastGoodSNR = 10.0

    /// Whether it falls below that; a NaN does.
    public var isBad: Bool { !(againstSource.snrDb >= Self.leastGoodSNR) }
  }

  /// One output of the graph.
  public struct OutputReport: Encodable, Sendable {
    public let name: String
    /// Executed from mosaics against executed from the reconstructed weights.
    public let executedAgainstReconstructed: MetricsReport
    /// Executed from mosaics against executed from the source's weights; nil without source.
    public let againstSource: MetricsReport?
    /// Mean Kullback-Leibler divergence, in nats, of the class probabilities from those of the source's weights; nil
    /// without source or unless the output is `[samples, classes]`.
    public let divergence: Double?
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
  /// In the order of execution; empty without inputs or source.
  public let layers: [LayerReport]
  public let outputs: [OutputReport]
  /// What was missed, in words; empty if everything holds.
  public let failures: [String]

  public var hasPassed: Bool { failures.isEmpty }

  /// The first layer whose output is bad, nil if there is none.
  public var firstBadLayer: String? { layers.first(where: \.isBad)?.name }

  private enum CodingKeys: String, CodingKey {
    case file, precision, tensors, layers, firstBadLayer, outputs, failures, hasPassed
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(file, forKey: .file)
    try container.encode(precision, forKey: .precision)
    try container.encode(tensors, forKey: .tensors)
    try container.encode(layers, forKey: .layers)
    try container.encode(firstBadLayer, forKey: .firstBadLayer)
    try container.encode(outputs, forKey: .outputs)
    try container.encode(failures, forKey: .failures)
    try container.encode(hasPassed, forKey: .hasPassed)
  }

  public var text: String {
    var parts = [tensorTable]
    if !layers.isEmpty { parts.append(layerTable) }
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

  private var layerTable: String {
    var table = TextTable([
      ("layer", .left), ("operator", .left), ("against source", .right), ("SNR dB", .right),
      ("cosine", .right),
    ])
    for layer in layers {
      table.add([
        layer.name, layer.operatorType, layer.againstSource.relativeError.shortText,
        layer.againstSource.snrDb.text(decimals: 1), layer.againstSource.cosine.text(decimals: 6),
      ])
    }
    let bound = VerificationReport.LayerReport.leastGoodSNR.text(decimals: 0)
    let verdict =
      firstBadLayer.map { "first layer below \(bound) dB: \($0.printable)" }
      ?? "no layer is below \(bound) dB"
    return table.text + "\n" + verdict
  }

  private var outputTable: String {
    var table = TextTable([
      ("output", .left), ("against source", .right), ("SNR dB", .right), ("cosine", .right),
      ("executed", .right), ("divergence", .right), ("agreement", .right), ("accuracy", .right),
      ("source", .right),
    ])
    for output in outputs {
      table.add([
        output.name, output.againstSource?.relativeError.shortText ?? "",
        output.againstSource?.snrDb.text(decimals: 1) ?? "",
        output.againstSource?.cosine.text(decimals: 6) ?? "",
        output.executedAgainstReconstructed.relativeError.shortText,
        output.divergence?.shortText ?? "", output.topOneAgreement.map(percent) ?? "",
        output.accuracy.map(percent) ?? "",
        output.sourceAccuracy.map(percent) ?? "",
      ])
    }
    return table.text
  }

  private func percent(_ share: Double) -> String { (share * 100).text(decimals: 2) + " %" }
}
