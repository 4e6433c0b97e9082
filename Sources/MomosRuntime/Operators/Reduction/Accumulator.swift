/// Numbers that reductions join; integers wrap.
///
/// float32 is joined in float64. Sums and products of integers have the same bits with and without a sign, so that those
/// without are joined as those with one, unless their order matters.
protocol Accumulator: Comparable, BitwiseCopyable {
  static var zero: Self { get }
  static var one: Self { get }
  /// Not larger than any number.
  static var lowest: Self { get }
  /// Not smaller than any number.
  static var highest: Self { get }
  func plus(_ other: Self) -> Self
  func times(_ other: Self) -> Self
  var absolute: Self { get }
  /// The larger number; NaN if either is.
  func larger(_ other: Self) -> Self
  /// The smaller number; NaN if either is.
  func smaller(_ other: Self) -> Self
}

extension Double: Accumulator {
  static var one: Double { 1 }
  static var lowest: Double { -.infinity }
  static var highest: Double { .infinity }
  func plus(_ other: Double) -> Double { self + other }
  func times(_ other: Double) -> Double { self * other }
  var absolute: Double { magnitude }
  func larger(_ other: Double) -> Double { atLeast(other) }
  func smaller(_ other: Double) -> Double { atMost(other) }
}

extension Accumulator where Self: FixedWidthInteger {
  static var one: Self { 1 }
  static var lowest: Self { .min }
  static var highest: Self { .max }
  func plus(_ other: Self) -> Self { self &+ other }
  func times(_ other: Self) -> Self { self &* other }
  var absolute: Self {
    let sign = self &>> Self(truncatingIfNeeded: Self.bitWidth - 1)
    return (self ^ sign) &- sign
  }
  func larger(_ other: Self) -> Self { Swift.max(self, other) }
  func smaller(_ other: Self) -> Self { Swift.min(self, other) }
}

/// Elements that are joined as they lie in memory, and the number in which they are.
protocol ReducedElement: BitwiseCopyable {
  associatedtype Sum: Accumulator
  var accumulator: Sum { get }
}

extension ReducedElement where Self: Accumulator {
  var accumulator: Self { self }
}

extension Float: ReducedElement {
  var accumulator: Double { Double(self) }
}

extension Double: ReducedElement {}
extension Int8: Accumulator, ReducedElement {}
extension UInt8: Accumulator, ReducedElement {}
extension Int32: Accumulator, ReducedElement {}
extension UInt32: Accumulator, ReducedElement {}
extension Int64: Accumulator, ReducedElement {}
extension UInt64: Accumulator, ReducedElement {}
