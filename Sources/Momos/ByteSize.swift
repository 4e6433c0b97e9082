/// A number of bytes as people write it: 500000, 10MB, 1.5 GiB without the space.
public struct ByteSize: Sendable, Hashable {
  public let byteCount: Int

  /// Nil for other text, for fractions of a byte beyond rounding down, and from 2^62 on.
  public init?(argument: String) {
    let digits = argument.prefix { ("0"..."9").contains($0) || $0 == "." }
    guard let unit = Self.units[argument.dropFirst(digits.count).lowercased()],
      digits.first != ".", digits.last != ".", let number = Double(digits)
    else { return nil }
    // Whole numbers are not rounded.
    if let whole = Int(digits) {
      let (product, overflow) = whole.multipliedReportingOverflow(by: unit)
      guard !overflow, product < 1 << 62 else { return nil }
      byteCount = product
      return
    }
    guard number * Double(unit) < 0x1p62 else { return nil }
    byteCount = Int(number * Double(unit))
  }

  private static let units: [String: Int] = [
    "": 1, "b": 1, "kb": 1000, "mb": 1_000_000, "gb": 1_000_000_000, "tb": 1_000_000_000_000,
    "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
  ]
}
