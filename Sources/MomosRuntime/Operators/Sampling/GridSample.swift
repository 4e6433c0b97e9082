import Glibc
import MomosModel

/// The input `[N, C, spatial...]` at the places that a grid `[N, out..., axes]` names, from -1 to 1 along every axis, the
/// last axis first; one to three spatial axes.
struct GridSample: Float64Operator {
  private let axisSampling: AxisSampling

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    axisSampling = try AxisSampling(&context)
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    for position in 0...1 { try inputs.require(position, in: ElementType.floatingPoint) }
    let (input, grid) = (inputs[0].shape, inputs[1].shape)
    guard WindowAttributes.ranks.contains(input.rank), grid.rank == input.rank, grid[0] == input[0],
      grid[grid.rank - 1] == input.rank - 2
    else {
      throw inputs.mismatch(expected: "[N, C, spatial...] and [N, out..., spatial axes], up to three of them")
    }
    let output = input.dimensions.prefix(2) + grid.dimensions.dropFirst().dropLast()
    guard !input.dimensions.dropFirst(2).contains(0) || output.contains(0) else {
      throw inputs.mismatch(expected: "spatial axes that are not empty")
    }
    return [ValueType(inputs[0].elementType, try inputs.shape(Array(output)))]
  }

  func compute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    var memory = try call.memory(call.outputTypes[0])
    if memory.type.shape.elementCount > 0 { sample(call[0], call[1], to: &memory) }
    return [memory.tensor()]
  }

  private func sample(_ input: Tensor, _ grid: Tensor, to memory: inout TensorMemory) {
    let shape = input.shape
    let sizes = Array(shape.dimensions.dropFirst(2))
    let inputCount = sizes.reduce(1, *)
    let outputCount = memory.type.shape.dimensions.dropFirst(2).reduce(1, *)
    let values = input.bytes.span(of: Double.self)
    let places = grid.bytes.span(of: Double.self)
    var target = memory.elements(of: Double.self)
    for image in 0..<shape[0] {
      for position in 0..<outputCount {
        let place = (image * outputCount + position) * sizes.count
        var taps = [SamplingTap(offset: 0, weight: 1)]
        for (axis, size) in sizes.enumerated() {
          let coordinate = places[place + sizes.count - 1 - axis]
          let along = axisSampling.taps(at: coordinate, size: size)
          taps = taps.flatMap { tap in
            along.map { SamplingTap(offset: tap.offset * size + $0.offset, weight: tap.weight * $0.weight) }
          }
        }
        for channel in 0..<shape[1] {
          let plane = image * shape[1] + channel
          var sum = 0.0
          for tap in taps { sum += tap.weight * values[plane * inputCount + tap.offset] }
          target[plane * outputCount + position] = sum
        }
      }
    }
  }
}

/// An input element that a sample is made of, and how much of it.
struct SamplingTap: Sendable {
  let offset: Int
  let weight: Double
}

/// How samples are taken along one axis.
private struct AxisSampling: Sendable {
  private enum Mode {
    case nearest, linear, cubic
  }

  private enum Padding {
    case zeros, border, reflection
  }

  private let mode: Mode
  private let padding: Padding
  /// Whether -1 and 1 are the centres of the outer elements rather than their borders.
  private let alignsCorners: Bool

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    let modes = context.version < 20 ? ["bilinear", "nearest", "bicubic"] : ["linear", "nearest", "cubic"]
    switch try context.attributes.choice("mode", of: modes) {
    case "nearest": mode = .nearest
    case "cubic", "bicubic": mode = .cubic
    default: mode = .linear
    }
    switch try context.attributes.choice("padding_mode", of: ["zeros", "border", "reflection"]) {
    case "border": padding = .border
    case "reflection": padding = .reflection
    default: padding = .zeros
    }
    alignsCorners = try context.attributes.flag("align_corners", default: false)
  }

  /// The elements of an axis that the sample at a place from -1 to 1 is made of.
  func taps(at place: Double, size: Int) -> [SamplingTap] {
    let length = Double(size)
    var x = alignsCorners ? (place + 1) / 2 * (length - 1) : ((place + 1) * length - 1) / 2
    // A place that is no number lies outside.
    if x.isNaN { x = -1 }
    if mode == .nearest { x = x.rounded(.toNearestOrEven) }
    x = min(max(padded(x, length, isPosition: false), -4), length + 4)
    let first = floor(x)
    let taps: [(position: Double, weight: Double)] =
      switch mode {
      case .nearest: [(x, 1)]
      case .linear: [(first, 1 - (x - first)), (first + 1, x - first)]
      case .cubic: (-1...2).map { (first + Double($0), Self.cubic((x - first - Double($0)).magnitude)) }
      }
    return taps.compactMap { position, weight in
      let position = padded(position, length, isPosition: true)
      guard position >= 0, position < length else { return nil }
      return SamplingTap(offset: Int(position), weight: weight)
    }
  }

  /// A coordinate moved into the axis as the padding says.
  private func padded(_ x: Double, _ length: Double, isPosition: Bool) -> Double {
    let (low, high) = alignsCorners ? (0, length - 1) : (-0.5, length - 0.5)
    switch padding {
    case .zeros: return x
    case .border: return (isPosition || x < low || x > high) ? min(max(x, 0), length - 1) : x
    case .reflection:
      guard x < low || x > high else { return x }
      let range = high - low
      guard range > 0, x.isFinite else { return 0 }
      let distance = x < low ? low - x : x - high
      let turns = floor(distance / range)
      let rest = distance - turns * range
      let isBack = (turns.truncatingRemainder(dividingBy: 2) == 0) == (x < low)
      let reflected = isBack ? low + rest : high - rest
      return isPosition ? min(max(trunc(reflected), 0), length - 1) : reflected
    }
  }

  /// The cubic convolution kernel with a = -0.75.
  private static func cubic(_ x: Double) -> Double {
    let a = -0.75
    if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0
  }
}
