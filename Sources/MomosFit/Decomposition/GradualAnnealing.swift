/// What decides which blocks annealing keeps.
public enum AnnealingRule: String, Sendable, CaseIterable {
  /// Weights that are unlikely to be as they were drawn.
  case statistical
  /// Weights without which the outputs lose more than they would through weights as they were drawn.
  case perturbation
}

/// What speaks for the blocks of a matrix.
public protocol AnnealingEvidence: Sendable {
  /// The blocks that are significant at a level, above 0 and below 1. Those of a lower level are among them.
  func mask(level: Double) -> AnnealingMask
}

/// Anneals a matrix gradually: at each level blocks need more evidence to be kept than before.
public struct GradualAnnealing: Sendable {
  /// Descending; the last one is the level that was asked for.
  public let levels: [Double]

  /// - Parameter level: alpha, above 0 and below 1. The levels before it are 1/2, 1/4, 1/8 and so on.
  public init(to level: Double) {
    precondition(level > 0 && level < 1)
    var levels: [Double] = []
    var next = 0.5
    while next > level {
      levels.append(next)
      next /= 2
    }
    self.levels = levels + [level]
  }

  /// The mask of the last level before the first one that loses too much; nil if already the first one does. Where no
  /// loss can be measured the level alone decides: `AnnealingEvidence.mask(level:)`.
  ///
  /// - Parameter loss: what the outputs lose with a mask.
  public func mask(
    of evidence: some AnnealingEvidence, maximumLoss: Double, loss: (AnnealingMask) throws -> Double
  ) rethrows -> (mask: AnnealingMask, level: Double, loss: Double)? {
    var accepted: (mask: AnnealingMask, level: Double, loss: Double)?
    for level in levels {
      let mask = evidence.mask(level: level)
      let measured = try loss(mask)
      guard measured <= maximumLoss else { break }
      accepted = (mask, level, measured)
    }
    return accepted
  }
}
