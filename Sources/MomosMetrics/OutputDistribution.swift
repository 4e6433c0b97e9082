import Glibc
public import MomosModel

/// The class probabilities that outputs `[samples, classes]` stand for.
public enum OutputDistribution {
  /// The Kullback-Leibler divergence of the probabilities of `measured` from those of `reference`, the mean over the
  /// samples, in nats: sum over classes of p log(p / q).
  ///
  /// Rows that are probabilities already (none negative, a sum within 1e-3 of 1, in every row of the reference) are
  /// taken as they are, others as logits, through softmax. A class of probability 0 in `measured` alone gives infinity.
  /// - Returns: nil without samples, for fewer than two classes, and for shapes that differ.
  public static func meanDivergence(of measured: Tensor, from reference: Tensor) -> Double? {
    guard reference.shape.rank == 2, reference.shape == measured.shape, reference.shape[0] > 0,
      reference.shape[1] > 1
    else { return nil }
    let classCount = reference.shape[1]
    let (expected, found) = (reference.floats(), measured.floats())
    let areProbabilities = stride(from: 0, to: expected.count, by: classCount).allSatisfy { start in
      let row = expected[start..<(start + classCount)]
      return row.allSatisfy { $0 >= 0 } && abs(row.reduce(0.0) { $0 + Double($1) } - 1) < 1e-3
    }
    var sum = 0.0
    for start in stride(from: 0, to: expected.count, by: classCount) {
      let range = start..<(start + classCount)
      let p = logProbabilities(expected[range], areProbabilities: areProbabilities)
      let q = logProbabilities(found[range], areProbabilities: areProbabilities)
      for (p, q) in zip(p, q) where p > -.infinity { sum += exp(p) * (p - q) }
    }
    return sum / Double(reference.shape[0])
  }

  private static func logProbabilities(_ row: ArraySlice<Float>, areProbabilities: Bool) -> [Double] {
    let values = row.map(Double.init)
    if areProbabilities { return values.map { log(max($0, 0)) } }
    let maximum = values.max() ?? 0
    let logSum = log(values.reduce(0) { $0 + exp($1 - maximum) }) + maximum
    return values.map { $0 - logSum }
  }
}
