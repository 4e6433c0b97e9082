import Glibc

/// The chi-square distribution: sums of squares of independent standard normal numbers.
struct ChiSquare: Sendable {
  /// At least 1.
  let degreesOfFreedom: Int

  init(degreesOfFreedom: Int) {
    precondition(degreesOfFreedom > 0)
    self.degreesOfFreedom = degreesOfFreedom
  }

  /// The probability of `value` or more: Q(n / 2, value / 2), the upper regularised incomplete gamma function.
  /// Relative error below 1e-9 down to 1e-300 for 1,000 degrees of freedom, 1e-7 for 1e7 of them.
  ///
  /// By the power series below the mean and by Lentz's continued fraction above it (Press et al., Numerical Recipes,
  /// section 6.2); both take about sqrt(n) steps.
  func upperTail(_ value: Double) -> Double {
    guard value > 0 else { return 1 }
    guard value.isFinite else { return 0 }
    let shape = Double(degreesOfFreedom) / 2
    let half = value / 2
    let factor = exp(shape * log(half) - half - lgamma(shape))
    return half < shape + 1
      ? 1 - factor * Self.series(shape, half)
      : factor * Self.continuedFraction(shape, half)
  }

  /// The value that is reached or exceeded with the probability `tail`, above 0 and below 1.
  func quantile(upperTail tail: Double) -> Double {
    precondition(tail > 0 && tail < 1)
    var low = 0.0
    var high = Double(degreesOfFreedom)
    while upperTail(high) > tail { (low, high) = (high, 2 * high) }
    // Each step halves the interval; the last ones change nothing.
    while true {
      let middle = (low + high) / 2
      guard middle > low, middle < high else { return high }
      if upperTail(middle) > tail { low = middle } else { high = middle }
    }
  }

  /// Sum over n of x^n / (a (a + 1) ... (a + n)).
  private static func series(_ shape: Double, _ half: Double) -> Double {
    var term = 1 / shape
    var sum = term
    var denominator = shape
    while term > sum * 1e-16 {
      denominator += 1
      term *= half / denominator
      sum += term
    }
    return sum
  }

  /// 1 / (x + 1 - a - 1 (1 - a) / (x + 3 - a - 2 (2 - a) / (x + 5 - a - ...))).
  private static func continuedFraction(_ shape: Double, _ half: Double) -> Double {
    var base = half + 1 - shape
    var ratio = 1 / Double.leastNormalMagnitude
    var inverse = 1 / base
    var product = inverse
    for step in 1..<1_000_000 {
      let count = Double(step)
      let numerator = -count * (count - shape)
      base += 2
      inverse = 1 / nonzero(numerator * inverse + base)
      ratio = nonzero(base + numerator / ratio)
      let factor = inverse * ratio
      product *= factor
      if abs(factor - 1) < 1e-15 { break }
    }
    return product
  }

  private static func nonzero(_ value: Double) -> Double {
    abs(value) < Double.leastNormalMagnitude ? Double.leastNormalMagnitude : value
  }
}
