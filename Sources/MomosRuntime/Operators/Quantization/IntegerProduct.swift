import MomosKernels

/// The product of two matrices of integers between -255 and 255, exact modulo 2^32.
///
/// The float32 kernels multiply 256 steps of the inner dimension at a time: sums of so many products stay below 2^24, so
/// that float32 holds them exactly.
struct IntegerProduct {
  private static let exactLength = 256

  let rows: Int
  let inner: Int
  let columns: Int
  /// True if the second operand lies as `[columns, inner]`.
  let isRightTransposed: Bool

  /// Floats that `add` wants for the products of one block: `[rows, columns]`.
  var productCount: Int { rows * columns }

  /// Floats of scratch that `add` wants.
  func scratchCount(pool: ThreadPool) -> Int {
    block(of: min(inner, Self.exactLength)).scratchCount(pool: pool)
  }

  /// Adds `left [rows, inner]` times `right [inner, columns]` to the rows of `target`, which are `rowStride` apart.
  ///
  /// - Parameters:
  ///   - products: at least `productCount` floats, whatever their values.
  ///   - scratch: at least `scratchCount` floats, whatever their values.
  func add(
    _ left: Span<Float>, _ right: Span<Float>, to target: inout MutableSpan<Int32>, rowStride: Int,
    products: inout MutableSpan<Float>, scratch: inout MutableSpan<Float>, pool: ThreadPool
  ) {
    guard rows > 0, columns > 0 else { return }
    for start in stride(from: 0, to: inner, by: Self.exactLength) {
      let rightStart = isRightTransposed ? start : start * columns
      block(of: min(inner - start, Self.exactLength)).multiply(
        left.extracting(start..<left.count), right.extracting(rightStart..<right.count), into: &products,
        scratch: &scratch, pool: pool)
      for row in 0..<rows {
        var targetRow = target.part((row * rowStride)..<(row * rowStride + columns))
        let first = row * columns
        for column in targetRow.indices { targetRow[column] &+= Int32(products[first + column]) }
      }
    }
  }

  private func block(of length: Int) -> ActivationProduct {
    ActivationProduct(
      rows: rows, inner: length, columns: columns, isRightTransposed: isRightTransposed,
      left: ActivationProduct.Layout(rowStride: inner, step: 0),
      right: ActivationProduct.Layout(rowStride: isRightTransposed ? inner : columns, step: 0))
  }
}
