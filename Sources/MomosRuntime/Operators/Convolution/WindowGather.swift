extension Window {
  /// What the window sees at some output positions of some channels: `[positions, channels * taps]`, zero where it sees
  /// padding.
  ///
  /// - Parameters:
  ///   - source: channels of the input, one after the other.
  ///   - positions: row-major over the output of one channel.
  func gather<Number: BitwiseCopyable & ExpressibleByIntegerLiteral>(
    _ source: Span<Number>, channelCount: Int, positions: Range<Int>, into target: inout MutableSpan<Number>
  ) {
    let columns = channelCount * tapCount
    for (row, position) in positions.enumerated() {
      var targetRow = target.part((row * columns)..<((row + 1) * columns))
      let (line, x) = position.quotientAndRemainder(dividingBy: width.output)
      gatherRow(source, at: (line / height.output, line % height.output, x), into: &targetRow)
    }
  }

  private func gatherRow<Number: BitwiseCopyable & ExpressibleByIntegerLiteral>(
    _ source: Span<Number>, at position: (z: Int, y: Int, x: Int), into target: inout MutableSpan<Number>
  ) {
    let zTaps = depth.taps(at: position.z)
    let yTaps = height.taps(at: position.y)
    let xTaps = width.taps(at: position.x)
    if zTaps.count * yTaps.count * xTaps.count < tapCount { target.update(repeating: 0) }
    let channelCount = target.count / max(tapCount, 1)
    for channel in 0..<channelCount {
      for z in zTaps {
        let plane = channel * depth.input + depth.start(of: position.z) + z * depth.dilation
        for y in yTaps {
          let line = (plane * height.input + height.start(of: position.y) + y * height.dilation) * width.input
          let first = line + width.start(of: position.x)
          let start = ((channel * depth.kernel + z) * height.kernel + y) * width.kernel
          for x in xTaps { target[start + x] = source[first + x * width.dilation] }
        }
      }
    }
  }

  /// Adds what one tap sees at all output positions to the input positions that it sees.
  ///
  /// - Parameters:
  ///   - values: one for each output position.
  ///   - tap: row-major over the kernel.
  ///   - channel: of the input, whose channels lie one after the other in `target`.
  func scatter<Number: BinaryFloatingPoint & BitwiseCopyable>(
    _ values: Span<Number>, of tap: Int, channel: Int, adding target: inout MutableSpan<Number>
  ) {
    let (line, x) = tap.quotientAndRemainder(dividingBy: width.kernel)
    let tap = (z: line / height.kernel, y: line % height.kernel, x: x)
    for z in depth.positions(of: tap.z) {
      let plane = channel * depth.input + depth.start(of: z) + tap.z * depth.dilation
      for y in height.positions(of: tap.y) {
        let line = (plane * height.input + height.start(of: y) + tap.y * height.dilation) * width.input
        let first = line + tap.x * width.dilation - width.padBefore
        let start = (z * height.output + y) * width.output
        for x in width.positions(of: tap.x) { target[first + x * width.stride] += values[start + x] }
      }
    }
  }
}
