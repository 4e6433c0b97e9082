/// How exactly a mosaic is executed.
public enum Precision: String, Sendable, CaseIterable, Codable {
  /// float32 arithmetic throughout.
  case exact
  /// The default: integer tables in two byte planes where a form and a processor have them, and bfloat16 for batches of
  /// 16 and more where it is faster.
  case fast
  /// As `fast`, but with one byte plane wherever the inputs are even enough for it. Pays where matrices stay in the
  /// processor's cache.
  case fastest

  /// Largest relative error of an execution against the reconstructed weights, in this class, for batches below 16.
  public var relativeErrorBound: Double {
    switch self {
    case .exact: 1e-5
    case .fast: 5e-4
    case .fastest: 3e-2
    }
  }

  /// The same for batches of any size.
  public var batchErrorBound: Double { max(relativeErrorBound, self == .exact ? 0 : 3e-3) }
}
