import CMomosKernels

/// The shapes of a convolution: what each output position sees of the input.
///
/// Output position o sees input positions o * stride - padBegin + tap * dilation; those outside the input are zero.
/// So the padding at the end follows from `output`.
public struct ConvolutionGeometry: Sendable, Hashable {
  /// Input channels of all groups.
  public let channels: Int
  public let groups: Int
  /// Spatial dimensions, one to three: width; height, width; or depth, height, width. All positive, and all others
  /// have as many elements.
  public let input: [Int]
  public let kernel: [Int]
  public let strides: [Int]
  public let dilations: [Int]
  public let padBegin: [Int]
  public let output: [Int]

  /// - Parameter output: may be empty in some dimension; then there is nothing to compute.
  public init(
    channels: Int, groups: Int = 1, input: [Int], kernel: [Int], strides: [Int], dilations: [Int],
    padBegin: [Int], output: [Int]
  ) {
    precondition((1...3).contains(input.count) && groups > 0 && channels > 0 && channels % groups == 0)
    for dimensions in [kernel, strides, dilations, padBegin, output] {
      precondition(dimensions.count == input.count)
    }
    precondition((input + kernel + strides + dilations).allSatisfy { $0 > 0 })
    precondition((padBegin + output).allSatisfy { $0 >= 0 })
    self.channels = channels
    self.groups = groups
    self.input = input
    self.kernel = kernel
    self.strides = strides
    self.dilations = dilations
    self.padBegin = padBegin
    self.output = output
  }

  /// Input positions of one channel.
  public var inputCount: Int { input.reduce(1, *) }

  /// Output positions of one channel.
  public var pixelCount: Int { output.reduce(1, *) }

  /// Taps of the kernel.
  public var tapCount: Int { kernel.reduce(1, *) }

  /// Columns of the filter matrix `[output channels, columns]`.
  public var columns: Int { channels / groups * tapCount }

  /// True if each row of filters sees one channel of planes, which a kernel of its own computes.
  var isChannelwise: Bool {
    channels == groups && groups > 1 && input.count < 3 && tapCount <= 1024
  }

  /// The shapes of one group.
  var kernelShapes: momos_convolution {
    momos_convolution(
      channels: channels / groups, input: Self.three(input, missing: 1),
      kernel: Self.three(kernel, missing: 1),
      stride: Self.three(strides, missing: 1), dilation: Self.three(dilations, missing: 1),
      pad_begin: Self.three(padBegin, missing: 0), output: Self.three(output, missing: 1))
  }

  private static func three(_ values: [Int], missing: Int) -> (Int, Int, Int) {
    let all = [Int](repeating: missing, count: 3 - values.count) + values
    return (all[0], all[1], all[2])
  }
}
