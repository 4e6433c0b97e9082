import Glibc
public import MomosModel

extension SensitivityRole {
  /// How much the squared errors of a weight count where nothing was measured.
  ///
  /// An allocation gives log4(factor) more bits to a weight: +1.5 for values and first feed-forward layers, -1 for
  /// embeddings, as measured losses do on the average (FITTING).
  public var lossFactor: Double {
    switch self {
    case .value, .firstFeedForward: 8
    case .embedding: 0.25
    case .other: 1
    }
  }
}

/// The loss of the network for a distortion of 1 of one tensor: what allocations multiply distortions by.
public struct LossWeight: Sendable, Hashable {
  /// The noise that sensitivities are measured with: its power as a share of each row's, -13 dB.
  public static let measuredDistortion = pow(10, -1.3)

  public let value: Double

  /// From the loss that was measured with noise of `measuredDistortion` in the tensor.
  /// - Parameter feedbackEfficiency: the share of a loss that error feedback leaves, 1 without.
  public init(measuredLoss: Double, feedbackEfficiency: Double = 1) {
    // Below zero by chance alone: noise that does no harm has no weight.
    value = max(0, measuredLoss) / Self.measuredDistortion * feedbackEfficiency
  }

  /// Without a measurement; comparable among tensors of one model only.
  public init(role: SensitivityRole, weightCount: Int) {
    value = role.lossFactor * Double(weightCount)
  }

  private init(value: Double) { self.value = value }

  /// The part of it that belongs to rows that get this share of the lookups.
  public func share(_ share: Double) -> LossWeight { LossWeight(value: value * share) }
}
