public import MomosModel

/// A tensor in its compressed form, and how far it is from its source.
public struct FittedTensor: Sendable {
  public let tensor: MosaicTensor
  public let metrics: ErrorMetrics
}
