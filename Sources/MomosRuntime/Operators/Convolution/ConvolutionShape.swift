import MomosModel

/// Sizes of a convolution: `[batch, channels, spatial...]` to `[batch, rows, spatial...]`, in groups of channels and rows.
struct ConvolutionShape: Sendable {
  let window: Window
  let batch: Int
  let groups: Int
  /// Input channels of one group.
  let groupChannels: Int
  /// Output channels of one group.
  let groupRows: Int

  /// Columns of the filter matrix.
  var columns: Int { groupChannels * window.tapCount }
  var rows: Int { groups * groupRows }
  var outputDimensions: [Int] { [batch, rows] + window.outputSizes }

  /// Elements of the input that one group of one image reads.
  func input(image: Int, group: Int) -> Range<Int> {
    let count = groupChannels * window.inputCount
    let start = (image * groups + group) * count
    return start..<(start + count)
  }

  /// Elements of the output that one group of one image gives.
  func output(image: Int, group: Int) -> Range<Int> {
    let count = groupRows * window.outputCount
    let start = (image * groups + group) * count
    return start..<(start + count)
  }

  /// Calls `body` with output positions of one group of one image, few enough that what the window sees there is small.
  func forEachTile<Failure: Error>(
    _ body: (_ image: Int, _ group: Int, _ positions: Range<Int>) throws(Failure) -> Void
  ) throws(Failure) {
    let count = window.outputCount
    let length = max(48, (1 << 17) / max(columns, 1))
    for image in 0..<batch {
      for group in 0..<groups {
        for start in stride(from: 0, to: count, by: length) {
          try body(image, group, start..<min(start + length, count))
        }
      }
    }
  }
}

extension WindowAttributes {
  /// The sizes of a convolution, or why the shapes do not fit.
  func convolution(
    _ input: Shape, _ filters: Shape, groups: Int, label: NodeLabel
  ) throws(RuntimeError) -> ConvolutionShape {
    let kernel = Array(filters.dimensions.dropFirst(2))
    let isFitting =
      filters.rank == input.rank && input.rank >= 3 && filters[0] % groups == 0
      && input[1] % groups == 0 && input[1] / groups == filters[1]
    guard isFitting, self.kernel == nil || self.kernel == kernel else {
      let expected =
        "[N, C, spatial...] and filters [rows, C / \(groups), kernel...], rows and C multiples of \(groups)"
        + (self.kernel.map { ", the kernel \($0)" } ?? "")
      throw .shapes(label, expected: expected, found: [input, filters])
    }
    return ConvolutionShape(
      window: try window(over: input, kernel: kernel, label: label), batch: input[0], groups: groups,
      groupChannels: filters[1], groupRows: filters[0] / groups)
  }
}
