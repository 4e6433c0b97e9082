import Glibc
import MomosModel

/// x / (bias + alpha / size * sum of x^2 over `size` neighbouring channels)^beta, for `[N, C, ...]`.
struct LRN: RealOperator {
  private let alpha: Float
  private let beta: Float
  private let bias: Float
  private let size: Int

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    alpha = try context.attributes.float("alpha", default: 1e-4)
    beta = try context.attributes.float("beta", default: 0.75)
    bias = try context.attributes.float("bias", default: 1)
    size = try context.attributes.requiredInt("size")
    guard size > 0 else {
      throw .attributeValue(context.label, attribute: "size", expected: "1 or more", found: "\(size)")
    }
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint)
    guard inputs[0].shape.rank >= 2 else { throw inputs.mismatch(expected: "rank 2 or more") }
    return [inputs[0]]
  }

  func compute<Number: RealNumber>(
    _ call: OperatorCall, _ number: Number.Type
  ) throws(RuntimeError) -> [Tensor] {
    let shape = call[0].shape
    let channels = shape[1]
    let length = shape.dimensions.dropFirst(2).reduce(1, *)
    let values = call[0].bytes.span(of: number)
    return [
      try call.tensor(call[0].type, of: number) { (target) throws(RuntimeError) in
        guard values.count > 0 else { return }
        var sums = [Number](repeating: 0, count: length)
        for image in 0..<shape[0] {
          for channel in 0..<channels {
            var sumSpan = sums.mutableSpan
            let neighbours = neighbours(of: channel, among: channels)
            let image = image * channels
            addSquares(
              values, planes: (image + neighbours.lowerBound)..<(image + neighbours.upperBound), &sumSpan)
            let range = ((image + channel) * length)..<((image + channel + 1) * length)
            var result = target.part(range)
            divide(values.extracting(range), by: sumSpan.span, into: &result)
          }
        }
      }
    ]
  }

  private func neighbours(of channel: Int, among count: Int) -> Range<Int> {
    let before = (size - 1) / 2
    let after = size - 1 - before
    return max(channel - before, 0)..<(after < count - channel ? channel + after + 1 : count)
  }

  private func addSquares<Number: RealNumber>(
    _ values: Span<Number>, planes: Range<Int>, _ sums: inout MutableSpan<Number>
  ) {
    sums.update(repeating: 0)
    let length = sums.count
    for plane in planes {
      let source = values.extracting((plane * length)..<((plane + 1) * length))
      for index in source.indices { sums[index] += source[index] * source[index] }
    }
  }

  private func divide<Number: RealNumber>(
    _ values: Span<Number>, by sums: Span<Number>, into target: inout MutableSpan<Number>
  ) {
    let factor = Number(alpha) / Number(size)
    let bias = Number(bias)
    // The exponent of nearly all networks needs no power.
    if beta == 0.75 {
      for index in values.indices {
        let base = bias + factor * sums[index]
        target[index] = values[index] / (base.squareRoot() * base.squareRoot().squareRoot())
      }
    } else {
      for index in values.indices {
        target[index] = values[index] / Number(pow(Double(bias + factor * sums[index]), Double(beta)))
      }
    }
  }
}
