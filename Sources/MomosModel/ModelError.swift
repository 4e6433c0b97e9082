/// What can be wrong with a value of this module.
public enum ModelError: Error, Hashable, CustomStringConvertible {
  case negativeDimension(Int)
  case rankTooLarge(found: Int, limit: Int)
  case elementCountOverflow(dimensions: [Int])
  case allocationFailed(byteCount: Int)
  /// A folder's disk does not take what memory should not hold.
  case spoolFailed(folder: String, byteCount: Int, reason: String)

  public var description: String {
    switch self {
    case .negativeDimension(let dimension):
      "a dimension must not be negative, found \(dimension)"
    case .rankTooLarge(let found, let limit):
      "a shape has at most \(limit) dimensions, found \(found)"
    case .elementCountOverflow(let dimensions):
      "the shape \(dimensions) has more than 2^48 elements"
    case .allocationFailed(let byteCount):
      "cannot allocate \(byteCount) bytes"
    case .spoolFailed(let folder, let byteCount, let reason):
      "cannot spool \(byteCount) bytes in \(folder): \(reason)"
    }
  }
}
