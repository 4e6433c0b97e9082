/// How exactly a mosaic is executed.
public enum Precision: String, Sendable, CaseIterable, Codable {
  /// float32 arithmetic throughout.
  case exact
  /// The default: two-plane tables.
  case fast
  /// One-plane tables and int8.
  case fastest

  /// Largest relative error of an execution against the reconstructed weights, in this class.
  public var relativeErrorBound: Double {
    switch self {
    case .exact: 1e-5
    case .fast: 5e-4
    case .fastest: 3e-2
    }
  }
}
