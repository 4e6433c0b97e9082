import MomosModel

/// A window that slides along one axis.
///
/// Output position `o` sees the input positions `o * stride - padBefore + tap * dilation`, tap in `0..<kernel`.
struct WindowAxis: Sendable, Hashable {
  let input: Int
  let kernel: Int
  let stride: Int
  let dilation: Int
  let padBefore: Int
  let padAfter: Int
  let output: Int

  /// A window of one element on an axis of one.
  static let single = WindowAxis(
    input: 1, kernel: 1, stride: 1, dilation: 1, padBefore: 0, padAfter: 0, output: 1)

  /// Input position of the first tap, which may lie outside.
  func start(of position: Int) -> Int { position * stride - padBefore }

  /// The taps that see an input position, at an output position.
  func taps(at position: Int) -> Range<Int> { taps(at: position, reaching: input) }

  /// The taps that see an input position or padding, at an output position.
  func paddedTaps(at position: Int) -> Range<Int> {
    let start = position * stride
    let end = input + padBefore + padAfter
    return 0..<max(min((end - start + dilation - 1) / dilation, kernel), 0)
  }

  private func taps(at position: Int, reaching end: Int) -> Range<Int> {
    let start = start(of: position)
    let first = start >= 0 ? 0 : (dilation - 1 - start) / dilation
    let last = start >= end ? 0 : min((end - start + dilation - 1) / dilation, kernel)
    return min(first, kernel)..<max(last, min(first, kernel))
  }

  /// The output positions at which a tap sees an input position.
  func positions(of tap: Int) -> Range<Int> {
    let offset = tap * dilation - padBefore
    let first = offset >= 0 ? 0 : (stride - 1 - offset) / stride
    let last = offset >= input ? 0 : min((input - offset + stride - 1) / stride, output)
    return min(first, output)..<max(last, min(first, output))
  }
}

/// A window over the spatial axes of one channel: always three axes, those that are missing in front of size 1.
struct Window: Sendable, Hashable {
  let depth: WindowAxis
  let height: WindowAxis
  let width: WindowAxis
  /// How many axes the tensor has.
  let axisCount: Int

  /// - Parameter axes: one to three.
  init(_ axes: [WindowAxis]) {
    let padded = Array(repeating: WindowAxis.single, count: 3 - axes.count) + axes
    (depth, height, width) = (padded[0], padded[1], padded[2])
    axisCount = axes.count
  }

  /// One for each spatial axis of the tensor.
  var axes: [WindowAxis] { [depth, height, width].suffix(axisCount) }

  /// Sizes of the output along the tensor's spatial axes.
  var outputSizes: [Int] { axes.map(\.output) }
  /// Sizes of the input along the tensor's spatial axes.
  var inputSizes: [Int] { axes.map(\.input) }
  /// Elements of one channel of the input.
  var inputCount: Int { depth.input * height.input * width.input }
  /// Elements of one channel of the output.
  var outputCount: Int { depth.output * height.output * width.output }
  /// Elements the window sees at once.
  var tapCount: Int { depth.kernel * height.kernel * width.kernel }
}
