import Glibc

/// How a network's weights were drawn before training, as users name it.
public enum InitializationRule: Sendable, Hashable {
  /// Uniform within sqrt(6 / fan-in) (He et al. 2015).
  case kaimingUniform
  /// Normal of variance 2 / fan-in.
  case kaimingNormal
  /// Uniform within sqrt(6 / (fan-in + fan-out)) (Glorot and Bengio 2010).
  case xavierUniform
  /// Normal of variance 2 / (fan-in + fan-out).
  case xavierNormal
  /// Normal with this standard deviation, above 0.
  case normal(Double)

  /// Reads `kaiming-uniform`, `kaiming-normal`, `xavier-uniform`, `xavier-normal` or `normal:SIGMA`; nil for anything
  /// else.
  public init?(_ text: String) {
    switch text {
    case "kaiming-uniform": self = .kaimingUniform
    case "kaiming-normal": self = .kaimingNormal
    case "xavier-uniform": self = .xavierUniform
    case "xavier-normal": self = .xavierNormal
    default:
      let prefix = "normal:"
      guard text.hasPrefix(prefix), let sigma = Double(text.dropFirst(prefix.count)), sigma > 0,
        sigma.isFinite
      else { return nil }
      self = .normal(sigma)
    }
  }
}

extension InitializationRule: CustomStringConvertible {
  public var description: String {
    switch self {
    case .kaimingUniform: "kaiming-uniform"
    case .kaimingNormal: "kaiming-normal"
    case .xavierUniform: "xavier-uniform"
    case .xavierNormal: "xavier-normal"
    case .normal(let sigma): "normal:\(sigma)"
    }
  }
}

/// What weights look like under the null hypothesis, that training left them as they were drawn: independent, with
/// mean 0.
public struct InitializationDistribution: Sendable, Hashable {
  public enum Form: String, Sendable, Codable {
    case normal
    case uniform
  }

  /// How the distribution is known.
  public enum Origin: Sendable, Hashable {
    case rule(InitializationRule)
    case initialWeights
    case estimate
  }

  public let form: Form
  /// Above 0.
  public let standardDeviation: Double
  public let origin: Origin

  /// - Returns: nil unless the standard deviation is a number above 0.
  public init?(form: Form, standardDeviation: Double, origin: Origin) {
    guard standardDeviation > 0, standardDeviation.isFinite else { return nil }
    self.form = form
    self.standardDeviation = standardDeviation
    self.origin = origin
  }

  /// The largest magnitude that a uniform form draws: sqrt(3) standard deviations.
  var bound: Double { 3.0.squareRoot() * standardDeviation }
}

extension InitializationDistribution {
  /// The distribution that a rule gives a matrix.
  /// - Parameters:
  ///   - fanIn: its columns; at least 1.
  ///   - fanOut: its rows; at least 1.
  public static func rule(_ rule: InitializationRule, fanIn: Int, fanOut: Int) -> InitializationDistribution?
  {
    let (form, variance): (Form, Double) =
      switch rule {
      case .kaimingUniform: (.uniform, 2 / Double(fanIn))
      case .kaimingNormal: (.normal, 2 / Double(fanIn))
      case .xavierUniform: (.uniform, 2 / Double(fanIn + fanOut))
      case .xavierNormal: (.normal, 2 / Double(fanIn + fanOut))
      case .normal(let sigma): (.normal, sigma * sigma)
      }
    return InitializationDistribution(
      form: form, standardDeviation: variance.squareRoot(), origin: .rule(rule))
  }

  /// Measured from the weights before training: of the normal and the uniform distribution with mean 0, each fitted
  /// by its largest likelihood, the likelier one.
  /// - Returns: nil without weights, or if all are 0.
  public static func measured(_ initialWeights: [Float]) -> InitializationDistribution? {
    var squares = 0.0
    var largest = 0.0
    for weight in initialWeights {
      squares += Double(weight) * Double(weight)
      largest = max(largest, Double(abs(weight)))
    }
    let deviation = (squares / Double(max(initialWeights.count, 1))).squareRoot()
    guard deviation > 0 else { return nil }
    // Log likelihood per weight: -ln(2 b) against -ln(sigma sqrt(2 pi e)).
    let isUniform = 2 * largest < deviation * (2 * Double.pi * M_E).squareRoot()
    return InitializationDistribution(
      form: isUniform ? .uniform : .normal,
      standardDeviation: isUniform ? largest / 3.0.squareRoot() : deviation, origin: .initialWeights)
  }

  /// A normal distribution estimated from trained weights: sigma = median |w| / .6745, which weights that training
  /// moved raise little while they are few.
  /// - Returns: nil without weights, or if at least half of them are 0.
  public static func estimated(_ weights: [Float]) -> InitializationDistribution? {
    guard !weights.isEmpty else { return nil }
    let magnitudes = weights.map { abs($0) }.sorted()
    let middle = magnitudes.count / 2
    let median =
      magnitudes.count.isMultiple(of: 2)
      ? (Double(magnitudes[middle - 1]) + Double(magnitudes[middle])) / 2 : Double(magnitudes[middle])
    return InitializationDistribution(
      form: .normal, standardDeviation: median / 0.674_489_750_196_081_7, origin: .estimate)
  }
}

extension InitializationDistribution: CustomStringConvertible {
  public var description: String {
    let source =
      switch origin {
      case .rule(let rule): "\(rule)"
      case .initialWeights: "measured from initial weights"
      case .estimate: "estimated from trained weights"
      }
    let digits = (standardDeviation * 1e6).rounded() / 1e6
    return "\(form.rawValue), standard deviation \(digits) (\(source))"
  }
}
