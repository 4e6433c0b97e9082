import Glibc

/// Tests whether weights are still distributed as at initialisation.
///
/// Each weight gives *evidence*, which under the null hypothesis is a chi-square number: (w / sigma)^2, of 1 degree of
/// freedom, for a normal distribution; -2 ln(1 - |w| / bound), of 2 degrees, for a uniform one (Fisher's method; a
/// weight beyond the bound is infinite evidence). Evidence of several weights adds up, and so do its degrees of freedom:
/// a sequence of 8 normal weights is tested by chi-square with 8 degrees.
public struct SignificanceTest: Sendable, Hashable {
  public let distribution: InitializationDistribution

  public init(_ distribution: InitializationDistribution) {
    self.distribution = distribution
  }

  /// Degrees of freedom of the evidence of one weight.
  var degreesPerWeight: Int { distribution.form == .normal ? 1 : 2 }

  /// The evidence of one weight against the null hypothesis, 0 or more.
  func evidence(of weight: Float) -> Double {
    let magnitude = Double(abs(weight))
    switch distribution.form {
    case .normal:
      let normalized = magnitude / distribution.standardDeviation
      return normalized * normalized
    case .uniform:
      return magnitude < distribution.bound ? -2 * log1p(-magnitude / distribution.bound) : .infinity
    }
  }

  /// The probability that weights which training left alone give at least this evidence.
  func probability(ofEvidence evidence: Double, weightCount: Int) -> Double {
    ChiSquare(degreesOfFreedom: weightCount * degreesPerWeight).upperTail(evidence)
  }

  /// The evidence that weights which training left alone reach with the probability `level` (Neyman and Pearson).
  func threshold(level: Double, weightCount: Int) -> Double {
    ChiSquare(degreesOfFreedom: weightCount * degreesPerWeight).quantile(upperTail: level)
  }
}
