public import MomosModel

/// A tensor in its compressed form, and how far it is from its source.
public struct FittedTensor: Sendable {
  public let tensor: MosaicTensor
  public let metrics: ErrorMetrics
  /// |error H^(1/2)| / |weights H^(1/2)|, the relative error of the outputs on the inputs of the calibration; nil where
  /// they are not known.
  public let outputError: Double?
}
