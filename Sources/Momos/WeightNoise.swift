import MomosModel

/// Noise like the error of a fit: normal, and in each row of a weight matrix -13 dB relative to its weights.
///
/// Weights beyond six times the root mean square of their row, which a fit keeps apart, get no noise and are not
/// counted. Equal names and seeds give equal noise.
struct WeightNoise {
  /// Power of the noise relative to that of the weights: -13 dB.
  private static let power = 0.050118723362727224
  private static let outlierLimit = 6.0

  let seed: UInt64

  /// - Parameter view: how the tensor is a matrix.
  func added(to tensor: Tensor, named name: String, view: MatrixView) throws -> Tensor {
    let matrix = try view.matrix(of: tensor)
    let columns = matrix.shape[1]
    var generator = SeededGenerator(seed: seed ^ Self.number(of: name))
    var values = matrix.floats()
    for row in 0..<matrix.shape[0] {
      let range = (row * columns)..<((row + 1) * columns)
      let limit = Self.outlierLimit * Self.rootMeanSquare(values[range])
      let scale =
        Self.power.squareRoot() * Self.rootMeanSquare(values[range].filter { Double($0.magnitude) <= limit })
      for position in range where Double(values[position].magnitude) <= limit {
        values[position] += Float(scale * generator.nextNormal())
      }
    }
    let noisy = try Tensor(rounding: values, to: tensor.elementType, shape: matrix.shape)
    return try view.tensor(from: noisy, shape: tensor.shape)
  }

  private static func rootMeanSquare(_ values: some Collection<Float>) -> Double {
    guard !values.isEmpty else { return 0 }
    return (values.reduce(0) { $0 + Double($1) * Double($1) } / Double(values.count)).squareRoot()
  }

  /// FNV-1a, 64 bits.
  private static func number(of name: String) -> UInt64 {
    name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }
}
