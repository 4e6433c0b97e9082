import Glibc

/// float32 and float64 with the functions of the mathematics library.
protocol RealNumber: BinaryFloatingPoint, MatrixNumber {
  static func exponential(_ x: Self) -> Self
  static func hyperbolicTangent(_ x: Self) -> Self
  static func errorFunction(_ x: Self) -> Self
}

extension Float: RealNumber {
  static func exponential(_ x: Float) -> Float { expf(x) }
  static func hyperbolicTangent(_ x: Float) -> Float { tanhf(x) }
  static func errorFunction(_ x: Float) -> Float { erff(x) }
}

extension Double: RealNumber {
  static func exponential(_ x: Double) -> Double { exp(x) }
  static func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }
  static func errorFunction(_ x: Double) -> Double { erf(x) }
}
