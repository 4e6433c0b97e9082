/// What a graph does with a matrix that may become a mosaic.
public enum WeightUse: String, Sendable, Hashable, Codable {
  /// Multiplies by it.
  case product
  /// Looks up its rows, nothing else: an embedding table.
  case rows
}
