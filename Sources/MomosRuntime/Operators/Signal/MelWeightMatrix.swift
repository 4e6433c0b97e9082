import Glibc
import MomosModel

/// The matrix `[dft_length / 2 + 1, num_mel_bins]` that sums a spectrum into overlapping triangles, evenly spaced on the
/// mel scale from `lower_edge_hertz` to `upper_edge_hertz`.
struct MelWeightMatrix: Operator {
  private static let binLimit = 1 << 24

  private let elementType: ElementType

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    elementType = try context.elementType("output_datatype")
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    let bins = try inputs.scalar(0)
    let length = try inputs.scalar(1)
    for position in 3...4 {
      try inputs.require(position, in: ElementType.floatingPoint)
      guard inputs[position].shape.elementCount == 1 else {
        throw inputs.mismatch(expected: "one number for each edge")
      }
    }
    guard (0...Self.binLimit).contains(bins), length >= 0 else {
      throw inputs.mismatch(expected: "0 to \(Self.binLimit) bins, a length of 0 or more")
    }
    return [ValueType(elementType, try inputs.shape([length / 2 + 1, bins]))]
  }

  func execute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let shape = call.outputTypes[0].shape
    guard let length = call[1].integers()?.first, let rate = call[2].integers()?.first, rate > 0 else {
      throw .inputValue(call.label, position: 2, expected: "a sample rate above 0", found: "less")
    }
    let edges = try edges(call, count: shape[1] + 2, length: length, rate: rate)
    return [
      try call.numbers { position in
        let (frequency, bin) = position.quotientAndRemainder(dividingBy: shape[1])
        let (low, center, high) = (edges[bin], edges[bin + 1], edges[bin + 2])
        if frequency == center, high > center || low == center { return 1 }
        if frequency >= low, frequency <= center { return Double(frequency - low) / Double(center - low) }
        return frequency > center && frequency < high
          ? Double(high - frequency) / Double(high - center) : 0
      }
    ]
  }

  /// The frequencies at which triangles begin, peak and end.
  private func edges(
    _ call: OperatorCall, count: Int, length: Int, rate: Int
  ) throws(RuntimeError) -> [Int] {
    let hertz = (3...4).map { Double(call[$0].floats()[0]) }
    let mels = hertz.map { 2595 * log1p($0 / 700) / log(10) }
    let step = (mels[1] - mels[0]) / Double(count)
    var edges: [Int] = []
    for number in 0..<count {
      let frequency = 700 * expm1((Double(number) * step + mels[0]) / 2595 * log(10))
      let bin = floor((Double(length) + 1) * frequency / Double(rate))
      guard bin >= 0, bin <= Double(length / 2) else {
        throw .inputValue(
          call.label, position: 4, expected: "edges from 0 Hz to half the sample rate",
          found: "\(hertz[0]) Hz to \(hertz[1]) Hz")
      }
      edges.append(Int(bin))
    }
    return edges
  }
}
