public import MomosModel

/// A tensor of the source, before anything is decided about it.
public struct FitCandidate: Sendable {
  public let name: String
  public let elementType: ElementType
  public let shape: Shape
  public let role: FitRole
  /// How much its errors matter where that is not measured.
  public let sensitivity: SensitivityRole

  public init(
    name: String, elementType: ElementType, shape: Shape, role: FitRole, sensitivity: SensitivityRole = .other
  ) {
    self.name = name
    self.elementType = elementType
    self.shape = shape
    self.role = role
    self.sensitivity = sensitivity
  }
}

/// Whether a tensor may become a mosaic, and how it is seen as a matrix then.
public enum FitRole: Sendable, Hashable {
  case linear(MatrixView, use: WeightUse = .product)
  /// Stays dense, for a reason that reports show.
  case dense(reason: String)
}
