import Glibc

/// float32 and float64 with the functions of the mathematics library.
protocol RealNumber: BinaryFloatingPoint, MatrixNumber {
  // Requirements, so that conversions do not go through those for any type, which are slow.
  init(_ value: Int64)
  init(_ value: UInt64)
  /// The number without its fraction, which must lie in the type.
  var signedInteger: Int64 { get }
  var unsignedInteger: UInt64 { get }
  static func exponential(_ x: Self) -> Self
  /// e^x - 1, accurate near zero.
  static func exponentialMinusOne(_ x: Self) -> Self
  static func logarithm(_ x: Self) -> Self
  /// The logarithm of 1 + x, accurate near zero.
  static func logarithm(onePlus x: Self) -> Self
  static func power(_ base: Self, _ exponent: Self) -> Self
  /// The remainder of the division truncated toward zero.
  static func remainder(_ dividend: Self, _ divisor: Self) -> Self
  static func sine(_ x: Self) -> Self
  static func cosine(_ x: Self) -> Self
  static func tangent(_ x: Self) -> Self
  static func arcSine(_ x: Self) -> Self
  static func arcCosine(_ x: Self) -> Self
  static func arcTangent(_ x: Self) -> Self
  static func hyperbolicSine(_ x: Self) -> Self
  static func hyperbolicCosine(_ x: Self) -> Self
  static func hyperbolicTangent(_ x: Self) -> Self
  static func areaHyperbolicSine(_ x: Self) -> Self
  static func areaHyperbolicCosine(_ x: Self) -> Self
  static func areaHyperbolicTangent(_ x: Self) -> Self
  static func errorFunction(_ x: Self) -> Self
}

extension Float: RealNumber {
  var signedInteger: Int64 { Int64(self) }
  var unsignedInteger: UInt64 { UInt64(self) }
  static func exponential(_ x: Float) -> Float { expf(x) }
  static func exponentialMinusOne(_ x: Float) -> Float { expm1f(x) }
  static func logarithm(_ x: Float) -> Float { logf(x) }
  static func logarithm(onePlus x: Float) -> Float { log1pf(x) }
  static func power(_ base: Float, _ exponent: Float) -> Float { powf(base, exponent) }
  static func remainder(_ dividend: Float, _ divisor: Float) -> Float { fmodf(dividend, divisor) }
  static func sine(_ x: Float) -> Float { sinf(x) }
  static func cosine(_ x: Float) -> Float { cosf(x) }
  static func tangent(_ x: Float) -> Float { tanf(x) }
  static func arcSine(_ x: Float) -> Float { asinf(x) }
  static func arcCosine(_ x: Float) -> Float { acosf(x) }
  static func arcTangent(_ x: Float) -> Float { atanf(x) }
  static func hyperbolicSine(_ x: Float) -> Float { sinhf(x) }
  static func hyperbolicCosine(_ x: Float) -> Float { coshf(x) }
  static func hyperbolicTangent(_ x: Float) -> Float { tanhf(x) }
  static func areaHyperbolicSine(_ x: Float) -> Float { asinhf(x) }
  static func areaHyperbolicCosine(_ x: Float) -> Float { acoshf(x) }
  static func areaHyperbolicTangent(_ x: Float) -> Float { atanhf(x) }
  static func errorFunction(_ x: Float) -> Float { erff(x) }
}

extension Double: RealNumber {
  var signedInteger: Int64 { Int64(self) }
  var unsignedInteger: UInt64 { UInt64(self) }
  static func exponential(_ x: Double) -> Double { exp(x) }
  static func exponentialMinusOne(_ x: Double) -> Double { expm1(x) }
  static func logarithm(_ x: Double) -> Double { log(x) }
  static func logarithm(onePlus x: Double) -> Double { log1p(x) }
  static func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
  static func remainder(_ dividend: Double, _ divisor: Double) -> Double { fmod(dividend, divisor) }
  static func sine(_ x: Double) -> Double { sin(x) }
  static func cosine(_ x: Double) -> Double { cos(x) }
  static func tangent(_ x: Double) -> Double { tan(x) }
  static func arcSine(_ x: Double) -> Double { asin(x) }
  static func arcCosine(_ x: Double) -> Double { acos(x) }
  static func arcTangent(_ x: Double) -> Double { atan(x) }
  static func hyperbolicSine(_ x: Double) -> Double { sinh(x) }
  static func hyperbolicCosine(_ x: Double) -> Double { cosh(x) }
  static func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }
  static func areaHyperbolicSine(_ x: Double) -> Double { asinh(x) }
  static func areaHyperbolicCosine(_ x: Double) -> Double { acosh(x) }
  static func areaHyperbolicTangent(_ x: Double) -> Double { atanh(x) }
  static func errorFunction(_ x: Double) -> Double { erf(x) }
}
