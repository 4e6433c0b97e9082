/// A transform and how much of it is wanted.
struct TransformForm {
  let length: Int
  let isInverse: Bool
  let isOneSided: Bool

  /// Whether the results are real numbers.
  var isRealOutput: Bool { isInverse && isOneSided }
  /// How many results there are.
  var outputLength: Int { isOneSided && !isInverse ? length / 2 + 1 : length }
}

/// A transform ready to be applied.
struct FormedTransform {
  private let form: TransformForm
  private let transform: FourierTransform

  init(_ form: TransformForm) {
    self.form = form
    transform = FourierTransform(length: form.length, isInverse: form.isInverse)
  }

  /// - Parameter value: the input at a position below `count`; beyond it is zero.
  func apply(count: Int, _ value: (Int) -> (Double, Double)) -> [FourierTransform.Complex] {
    let length = form.length
    var values = [FourierTransform.Complex](repeating: .zero, count: length)
    let given = form.isRealOutput ? length / 2 + 1 : length
    for position in 0..<min(count, given) {
      let (real, imaginary) = value(position)
      values[position] = FourierTransform.Complex(real: real, imaginary: imaginary)
    }
    if form.isRealOutput { Self.mirror(&values) }
    transform.apply(&values)
    if form.isInverse {
      let scale = FourierTransform.Complex(real: 1 / Double(length), imaginary: 0)
      for position in values.indices { values[position] = values[position] * scale }
    }
    return values
  }

  /// Makes the second half the mirror image of the first; what is its own mirror image becomes real.
  private static func mirror(_ values: inout [FourierTransform.Complex]) {
    let length = values.count
    values[0].imaginary = 0
    for position in 1..<(length / 2 + 1) {
      if 2 * position == length {
        values[position].imaginary = 0
      } else {
        values[length - position] = values[position].conjugate
      }
    }
  }
}
