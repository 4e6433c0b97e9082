/// Where the rows and columns of a part lie in the matrix that it belongs to: vectors of that matrix are multiplied by the
/// part without being copied together.
@safe
public struct PartPlacement: Sendable {
  /// Numbers of the part's rows and columns in the matrix; nil means all, in their order.
  let rows: [UInt32]?
  let columns: [UInt32]?
  /// Of the matrix.
  let rowCount: Int
  let columnCount: Int
  /// Whether other parts have written to the same rows.
  let adds: Bool

  /// Calls `body` with the numbers of columns and rows; NULL for nil.
  func withNumbers<Result>(
    _ body: (UnsafePointer<UInt32>?, UnsafePointer<UInt32>?) -> Result
  ) -> Result {
    unsafe Self.withNumbers(columns) { columns in
      unsafe Self.withNumbers(rows) { rows in unsafe body(columns, rows) }
    }
  }

  private static func withNumbers<Result>(
    _ numbers: [UInt32]?, _ body: (UnsafePointer<UInt32>?) -> Result
  ) -> Result {
    guard let numbers else { return body(nil) }
    return unsafe numbers.withUnsafeBufferPointer { unsafe body($0.baseAddress) }
  }
}

extension PartPlacement? {
  func withNumbers<Result>(
    _ body: (UnsafePointer<UInt32>?, UnsafePointer<UInt32>?) -> Result
  ) -> Result {
    guard let self else { return body(nil, nil) }
    return unsafe self.withNumbers(body)
  }
}
