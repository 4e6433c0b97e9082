/// The dimensions of a tensor, outermost first. The rank-0 shape is a scalar with one element.
public struct Shape: Sendable, Hashable, CustomStringConvertible {
  /// Largest number of dimensions (spec T-02).
  public static let maximumRank = 16
  /// Largest number of elements, so that byte counts and bit counts stay far from overflow (spec T-02).
  public static let maximumElementCount = 1 << 48

  public let dimensions: [Int]
  public let elementCount: Int

  /// - Throws: `ModelError` if a dimension is negative, the rank too large, or the product above the limit.
  ///   A product is checked over the non-zero dimensions too, so that strides never overflow.
  public init(_ dimensions: [Int]) throws(ModelError) {
    guard dimensions.count <= Self.maximumRank else {
      throw .rankTooLarge(found: dimensions.count, limit: Self.maximumRank)
    }
    var product = 1
    for dimension in dimensions {
      guard dimension >= 0 else { throw .negativeDimension(dimension) }
      let (next, overflow) = product.multipliedReportingOverflow(by: max(dimension, 1))
      guard !overflow, next <= Self.maximumElementCount else {
        throw .elementCountOverflow(dimensions: dimensions)
      }
      product = next
    }
    self.dimensions = dimensions
    self.elementCount = dimensions.contains(0) ? 0 : product
  }

  /// The shape of a vector. `count` must be in 0...maximumElementCount.
  public init(vector count: Int) {
    precondition(count >= 0 && count <= Self.maximumElementCount)
    self.dimensions = [count]
    self.elementCount = count
  }

  /// The shape of a matrix `[rows, columns]` whose element count is known to be within the limit.
  public init(rows: Int, columns: Int) {
    precondition(rows >= 0 && columns >= 0)
    self.dimensions = [rows, columns]
    self.elementCount = rows * columns
    precondition(elementCount <= Self.maximumElementCount)
  }

  public var rank: Int { dimensions.count }

  public subscript(axis: Int) -> Int { dimensions[axis] }

  public var description: String {
    "[" + dimensions.map(String.init).joined(separator: ", ") + "]"
  }
}
