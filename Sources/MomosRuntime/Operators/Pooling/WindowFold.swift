extension Window {
  /// Combines everything the window sees at each output position, padding left out.
  ///
  /// Along the inner axis lines are combined first, then neighbours within the line that results.
  /// - Parameters:
  ///   - source: channels of the input, one after the other.
  ///   - target: channels of the output, overwritten.
  ///   - initial: what every result begins with.
  @inline(__always)
  func fold<Number: BitwiseCopyable>(
    _ source: Span<Number>, channelCount: Int, into target: inout MutableSpan<Number>, initial: Number,
    _ combine: (Number, Number) -> Number
  ) {
    var buffer = [Number](repeating: initial, count: width.input)
    var line = buffer.mutableSpan
    for channel in 0..<channelCount {
      for z in 0..<depth.output {
        for y in 0..<height.output {
          line.update(repeating: initial)
          for zTap in depth.taps(at: z) {
            let plane = channel * depth.input + depth.start(of: z) + zTap * depth.dilation
            for yTap in height.taps(at: y) {
              let start = (plane * height.input + height.start(of: y) + yTap * height.dilation) * width.input
              let other = source.extracting(start..<(start + width.input))
              for x in other.indices { line[x] = combine(line[x], other[x]) }
            }
          }
          let start = ((channel * depth.output + z) * height.output + y) * width.output
          var targetLine = target.part(start..<(start + width.output))
          targetLine.update(repeating: initial)
          foldLine(line.span, into: &targetLine, combine)
        }
      }
    }
  }

  @inline(__always)
  private func foldLine<Number: BitwiseCopyable>(
    _ line: Span<Number>, into target: inout MutableSpan<Number>, _ combine: (Number, Number) -> Number
  ) {
    for tap in 0..<width.kernel {
      let positions = width.positions(of: tap)
      guard let first = positions.first else { continue }
      let start = width.start(of: first) + tap * width.dilation
      var results = target.part(positions)
      if width.stride == 1 {
        let seen = line.extracting(start..<(start + positions.count))
        for x in seen.indices { results[x] = combine(results[x], seen[x]) }
      } else {
        for x in results.indices { results[x] = combine(results[x], line[start + x * width.stride]) }
      }
    }
  }
}
