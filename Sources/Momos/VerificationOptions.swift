import MomosModel

/// What a verification compares, and what it must find.
public struct VerificationOptions: Sendable {
  /// The `.momos` file.
  public var file: String
  /// What it was made from, in the spellings of `momos-convert`; empty checks the file against itself.
  public var sources: [String] = []
  /// A graph in JSON that replaces the stored one.
  public var graph: String?
  /// `.npy` files by graph input; outputs are compared when given.
  public var inputs: [String: String] = [:]
  /// An `.npy` file with the class of each sample.
  public var labels: String?
  public var session = SessionOptions()
  /// Least cosine with the source, -1 to 1.
  public var minimumCosine: Double?
  /// Largest |found - source| / |source|, roots of sums of squares; 0 or more.
  public var maximumRelativeError: Double?
  /// Least signal-to-noise ratio against the source, in dB.
  public var minimumSNR: Double?
  /// Least share of samples whose prediction is the label, 0 to 1.
  public var minimumAccuracy: Double?

  public init(file: String) {
    self.file = file
  }

  /// - Throws: for thresholds outside their range.
  public func validate() throws(MomosError) {
    try check(minimumCosine, in: -1...1, option: "--min-cosine")
    try check(maximumRelativeError, in: 0...Double.infinity, option: "--max-relative-error")
    try check(minimumSNR, in: -Double.infinity...Double.infinity, option: "--min-snr")
    try check(minimumAccuracy, in: 0...1, option: "--min-accuracy")
  }

  private func check(
    _ value: Double?, in range: ClosedRange<Double>, option: String
  ) throws(MomosError) {
    guard let value, !range.contains(value) else { return }
    let expected =
      range.lowerBound.isInfinite
      ? "a number"
      : range.upperBound.isInfinite ? "at least 0" : "\(range.lowerBound) to \(range.upperBound)"
    throw MomosError(.usage, "\(option) must be \(expected), found \(value)")
  }

  /// Whether a threshold says which difference from the source is accepted.
  var boundsSourceError: Bool {
    minimumCosine != nil || maximumRelativeError != nil || minimumSNR != nil
  }

  /// Thresholds that `metrics` misses, in words; the thresholds hold for outputs, or for tensors where no
  /// inputs are given.
  func failures(_ metrics: MetricsReport, of subject: String) -> [String] {
    var failures: [String] = []
    if let minimumCosine, !(metrics.cosine >= minimumCosine) {
      failures.append("\(subject): cosine \(metrics.cosine), at least \(minimumCosine) wanted")
    }
    if let maximumRelativeError, !(metrics.relativeError <= maximumRelativeError) {
      failures.append(
        "\(subject): relative error \(metrics.relativeError), at most \(maximumRelativeError) wanted")
    }
    if let minimumSNR, !(metrics.snrDb >= minimumSNR) {
      failures.append("\(subject): SNR \(metrics.snrDb) dB, at least \(minimumSNR) wanted")
    }
    return failures
  }
}

/// Error metrics of one comparison, as reports print them.
public struct MetricsReport: Codable, Sendable {
  /// Largest |found - expected|.
  public let maximumAbsoluteError: Double
  public let meanAbsoluteError: Double
  /// |found - expected| / |expected|, roots of sums of squares.
  public let relativeError: Double
  /// -20 log10 of the relative error.
  public let snrDb: Double
  public let cosine: Double

  init(_ metrics: ErrorMetrics) {
    maximumAbsoluteError = metrics.maximumAbsoluteError
    meanAbsoluteError = metrics.meanAbsoluteError
    relativeError = metrics.relativeError
    snrDb = metrics.signalToNoiseDecibels
    // Rounding must not keep equal tensors from a cosine of 1, nor lift any above it.
    cosine = metrics.relativeError == 0 ? 1 : min(metrics.cosine, 1)
  }
}
