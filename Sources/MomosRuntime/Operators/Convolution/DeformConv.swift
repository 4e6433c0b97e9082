import Glibc
import MomosModel

/// A convolution of images `[N, channels, height, width]` whose window is bent: every tap at every output position is
/// moved by an offset `[N, offset groups * taps * 2, ...]` and read between elements, times a mask
/// `[N, offset groups * taps, ...]` on request.
struct DeformConv: Float64Operator {
  private let attributes: WindowAttributes
  private let groups: Int
  private let offsetGroups: Int

  init(_ context: inout OperatorContext) throws(RuntimeError) {
    attributes = try WindowAttributes(strided: &context, hasKernel: true)
    groups = try context.groups()
    offsetGroups = try context.attributes.int("offset_group", default: 1)
    guard offsetGroups > 0 else {
      throw .attributeValue(
        context.label, attribute: "offset_group", expected: "1 or more", found: "\(offsetGroups)")
    }
  }

  func inferOutputs(_ inputs: InputTypes) throws(RuntimeError) -> [ValueType] {
    try inputs.require(0, in: ElementType.floatingPoint)
    try inputs.requireEqualElementTypes()
    guard inputs[0].shape.rank == 4 else { throw inputs.mismatch(expected: "[N, C, height, width]") }
    let shape = try attributes.convolution(
      inputs[0].shape, inputs[1].shape, groups: groups, label: inputs.label)
    let output = try inputs.shape(shape.outputDimensions)
    let taps = try inputs.shape([offsetGroups, shape.window.tapCount]).elementCount
    let places = shape.window.outputSizes
    let expected = [2: [shape.batch, 2 * taps] + places, 3: [shape.rows], 4: [shape.batch, taps] + places]
    for (position, dimensions) in expected.inKeyOrder {
      guard let found = inputs.optional(position)?.shape, found.dimensions != dimensions else { continue }
      throw inputs.mismatch(expected: "\(dimensions) for input \(position)")
    }
    guard inputs[0].shape[1] % offsetGroups == 0 else {
      throw inputs.mismatch(expected: "channels that \(offsetGroups) offset groups divide")
    }
    return [ValueType(inputs[0].elementType, output)]
  }

  func compute(_ call: OperatorCall) throws(RuntimeError) -> [Tensor] {
    let shape = try attributes.convolution(call[0].shape, call[1].shape, groups: groups, label: call.label)
    let window = shape.window
    let count = window.outputCount
    let values = call[0].bytes.span(of: Double.self)
    let filters = call[1].bytes.span(of: Double.self)
    let bias = call.optional(3)?.bytes.array(of: Double.self)
    let bending = Bending(call, window: window, groups: offsetGroups)
    let groupLength = shape.groupChannels * groups / offsetGroups
    return [
      try call.tensor(call.outputTypes[0], of: Double.self) { (target) throws(RuntimeError) in
        var seen = [Double](repeating: 0, count: shape.columns)
        for image in 0..<(shape.batch * groups) {
          let (sample, group) = image.quotientAndRemainder(dividingBy: groups)
          for position in 0..<count {
            for channel in 0..<shape.groupChannels {
              let number = group * shape.groupChannels + channel
              let start = (sample * groups * shape.groupChannels + number) * window.inputCount
              let plane = values.extracting(start..<(start + window.inputCount))
              for tap in 0..<window.tapCount {
                seen[channel * window.tapCount + tap] = bending.value(
                  plane, sample: sample, group: number / groupLength, tap: tap, position: position)
              }
            }
            for row in 0..<shape.groupRows {
              let filter = group * shape.groupRows + row
              var sum = bias?[filter] ?? 0
              for column in seen.indices { sum += filters[filter * shape.columns + column] * seen[column] }
              target[(sample * shape.rows + filter) * count + position] = sum
            }
          }
        }
      }
    ]
  }
}

/// What the taps of a bent window see.
private struct Bending {
  private let offsets: [Double]
  private let mask: [Double]?
  private let window: Window
  private let groups: Int

  init(_ call: OperatorCall, window: Window, groups: Int) {
    offsets = call[2].bytes.array(of: Double.self)
    mask = call.optional(4)?.bytes.array(of: Double.self)
    self.window = window
    self.groups = groups
  }

  /// What a tap sees in one channel, zero outside.
  func value(_ plane: Span<Double>, sample: Int, group: Int, tap: Int, position: Int) -> Double {
    let count = window.outputCount
    let number = (sample * groups + group) * window.tapCount + tap
    let (tapY, tapX) = tap.quotientAndRemainder(dividingBy: window.width.kernel)
    let (outputY, outputX) = position.quotientAndRemainder(dividingBy: window.width.output)
    let y = coordinate(window.height, outputY, tapY, offsets[2 * number * count + position])
    let x = coordinate(window.width, outputX, tapX, offsets[(2 * number + 1) * count + position])
    var sum: Double = 0
    for (row, rowWeight) in taps(y, window.height.input) {
      for (column, columnWeight) in taps(x, window.width.input) {
        sum += rowWeight * columnWeight * plane[row * window.width.input + column]
      }
    }
    return sum * (mask?[number * count + position] ?? 1)
  }

  private func coordinate(_ axis: WindowAxis, _ position: Int, _ tap: Int, _ offset: Double) -> Double {
    Double(axis.start(of: position) + tap * axis.dilation) + offset
  }

  /// The two elements around a coordinate that are inside.
  private func taps(_ x: Double, _ size: Int) -> [(Int, Double)] {
    guard x > -1, x < Double(size) else { return [] }
    let low = x.rounded(.down)
    return [(Int(low), 1 - (x - low)), (Int(low) + 1, x - low)].filter { $0.0 >= 0 && $0.0 < size }
  }
}
