import Glibc

/// The discrete Fourier transform of one length, in float64: y[k] = sum over n of e^(-2 pi i k n / length) x[n], or with
/// the sign of the exponent turned for the inverse, which is not divided by the length.
///
/// Lengths that are no powers of two go by Bluestein's algorithm: a convolution of a length that is one.
struct FourierTransform {
  struct Complex {
    var real: Double
    var imaginary: Double

    static let zero = Complex(real: 0, imaginary: 0)

    /// e^(i angle)
    init(angle: Double) { (real, imaginary) = (cos(angle), sin(angle)) }

    init(real: Double, imaginary: Double) { (self.real, self.imaginary) = (real, imaginary) }

    var conjugate: Complex { Complex(real: real, imaginary: -imaginary) }

    static func * (left: Complex, right: Complex) -> Complex {
      Complex(
        real: left.real * right.real - left.imaginary * right.imaginary,
        imaginary: left.real * right.imaginary + left.imaginary * right.real)
    }

    static func + (left: Complex, right: Complex) -> Complex {
      Complex(real: left.real + right.real, imaginary: left.imaginary + right.imaginary)
    }

    static func - (left: Complex, right: Complex) -> Complex {
      Complex(real: left.real - right.real, imaginary: left.imaginary - right.imaginary)
    }
  }

  let length: Int
  private let sign: Double
  /// e^(sign pi i n^2 / length), empty for powers of two.
  private let chirp: [Complex]
  /// The transform of the conjugate chirp, wrapped around.
  private let filter: [Complex]

  init(length: Int, isInverse: Bool) {
    self.length = length
    sign = isInverse ? 1 : -1
    guard length > 1, length & (length - 1) != 0 else {
      (chirp, filter) = ([], [])
      return
    }
    let sign = sign
    chirp = (0..<length).map { n in
      // n^2 modulo 2 length, so that the angle stays exact.
      let square = n.multipliedFullWidth(by: n)
      let rest = (2 * length).dividingFullWidth(square).remainder
      return Complex(angle: sign * Double.pi * Double(rest) / Double(length))
    }
    var padded = [Complex](repeating: .zero, count: Self.paddedLength(length))
    for n in 0..<length {
      padded[n] = chirp[n].conjugate
      if n > 0 { padded[padded.count - n] = padded[n] }
    }
    Self.transform(&padded, sign: -1)
    filter = padded
  }

  /// - Parameter values: as many as the length.
  func apply(_ values: inout [Complex]) {
    guard length > 1 else { return }
    guard !chirp.isEmpty else { return Self.transform(&values, sign: sign) }
    var padded = [Complex](repeating: .zero, count: filter.count)
    for n in 0..<length { padded[n] = values[n] * chirp[n] }
    Self.transform(&padded, sign: -1)
    for n in padded.indices { padded[n] = padded[n] * filter[n] }
    Self.transform(&padded, sign: 1)
    let scale = Complex(real: 1 / Double(padded.count), imaginary: 0)
    for n in 0..<length { values[n] = padded[n] * chirp[n] * scale }
  }

  private static func paddedLength(_ length: Int) -> Int {
    var padded = 1
    while padded < 2 * length - 1 { padded *= 2 }
    return padded
  }

  /// In place, for a power of two.
  private static func transform(_ values: inout [Complex], sign: Double) {
    let count = values.count
    var reversed = 0
    for index in 1..<max(count, 1) {
      var bit = count >> 1
      while reversed & bit != 0 {
        reversed ^= bit
        bit >>= 1
      }
      reversed |= bit
      if index < reversed { values.swapAt(index, reversed) }
    }
    var half = 1
    while half < count {
      let roots = (0..<half).map { Complex(angle: sign * Double.pi * Double($0) / Double(half)) }
      for start in stride(from: 0, to: count, by: 2 * half) {
        for index in 0..<half {
          let other = values[start + half + index] * roots[index]
          let value = values[start + index]
          values[start + index] = value + other
          values[start + half + index] = value - other
        }
      }
      half *= 2
    }
  }
}
