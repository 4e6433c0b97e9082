import Glibc

/// Tests whether two things happen together in more of n samples than if they had nothing to do with each other: Fisher's
/// exact test, one-sided. With both margins given, the count of samples with both is hypergeometric then.
struct ContingencyTest: Sendable {
  let sampleCount: Int
  /// Of each test.
  private let logLevel: Double
  /// ln 0! to ln n!.
  private let logFactorials: [Double]

  /// - Parameter level: above 0, below 1.
  init(sampleCount: Int, level: Double) {
    self.sampleCount = sampleCount
    logLevel = log(level)
    logFactorials = (0...sampleCount).map { lgamma(Double($0) + 1) }
  }

  /// How many times the logarithm of the level the logarithm of the probability of so many samples with both is: at least 1
  /// for what is significant; nil for what is not.
  ///
  /// - Parameters:
  ///   - both: samples in which both happen.
  ///   - first: samples in which the first happens, at least `both`.
  ///   - second: the same of the other.
  func significance(both: Int, first: Int, second: Int) -> Double? {
    // Up to the mean the tail is about a half and more; it is never less than its first term.
    guard both * sampleCount > first * second,
      logProbability(both: both, first: first, second: second) <= logLevel
    else { return nil }
    let logTail = logUpperTail(both: both, first: first, second: second)
    return logTail <= logLevel ? logTail / logLevel : nil
  }

  /// The logarithm of the probability of `both` samples or more with both. Error below 1e-9 for 2^17 samples.
  func logUpperTail(both: Int, first: Int, second: Int) -> Double {
    guard both > max(0, first + second - sampleCount) else { return 0 }
    // Below the mean terms grow at first: the sum has its largest term there, not at its beginning.
    var term = 1.0
    var sum = 1.0
    for count in both..<min(first, second) {
      term *=
        Double(first - count) * Double(second - count)
        / (Double(count + 1) * Double(sampleCount - first - second + count + 1))
      sum += term
      if term < sum * 1e-17 { break }
    }
    return min(0, logProbability(both: both, first: first, second: second) + log(sum))
  }

  /// ln (C(first, both) C(n - first, second - both) / C(n, second)).
  private func logProbability(both: Int, first: Int, second: Int) -> Double {
    let neither = sampleCount - first - second + both
    return logFactorials[first] + logFactorials[sampleCount - first] + logFactorials[second]
      + logFactorials[sampleCount - second] - logFactorials[sampleCount] - logFactorials[both]
      - logFactorials[first - both] - logFactorials[second - both] - logFactorials[neither]
  }
}
