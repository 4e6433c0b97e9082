import Glibc

/// A number in which a reduction adds up: float64 for real numbers, integers in their own type.
protocol Accumulator: Comparable, BitwiseCopyable {
  static var zero: Self { get }
  static var one: Self { get }
  /// Not larger than any number.
  static var lowest: Self { get }
  /// Not smaller than any number.
  static var highest: Self { get }
  /// The sum; integers wrap.
  func plus(_ other: Self) -> Self
  /// The product; integers wrap.
  func times(_ other: Self) -> Self
  var absolute: Self { get }
  /// For integers without the fraction.
  var root: Self { get }
  /// For integers without the fraction, and zero where `count` is.
  func divided(by count: Int) -> Self
  /// For integers not to be used.
  var naturalLogarithm: Self { get }
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
  var root: Double { squareRoot() }
  func divided(by count: Int) -> Double { self / Double(count) }
  var naturalLogarithm: Double { log(self) }
  func larger(_ other: Double) -> Double { atLeast(other) }
  func smaller(_ other: Double) -> Double { atMost(other) }
}

/// An integer as an accumulator.
struct Wrapping<Integer: FixedWidthInteger & BitwiseCopyable>: Accumulator {
  let value: Integer

  static var zero: Self { Self(value: 0) }
  static var one: Self { Self(value: 1) }
  static var lowest: Self { Self(value: .min) }
  static var highest: Self { Self(value: .max) }
  static func < (left: Self, right: Self) -> Bool { left.value < right.value }
  func plus(_ other: Self) -> Self { Self(value: value &+ other.value) }
  func times(_ other: Self) -> Self { Self(value: value &* other.value) }
  var absolute: Self { Self(value: Integer(truncatingIfNeeded: value.magnitude)) }
  var root: Self { Self(value: Integer(saturating: Double(value).squareRoot())) }
  func divided(by count: Int) -> Self {
    guard let divisor = Integer(exactly: count), divisor != 0 else { return .zero }
    return Self(value: value / divisor)
  }
  var naturalLogarithm: Self { preconditionFailure("refused by inference") }
  func larger(_ other: Self) -> Self { max(self, other) }
  func smaller(_ other: Self) -> Self { min(self, other) }
}
