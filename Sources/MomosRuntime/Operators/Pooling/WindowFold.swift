/// How what a window sees becomes one number.
protocol WindowFold {
  associatedtype Number: BitwiseCopyable
  /// What every result begins with.
  static var initial: Number { get }
  static func combined(_ left: Number, _ right: Number) -> Number
}

/// The sum; zero of nothing.
enum WindowSum<Number: RealNumber>: WindowFold {
  static var initial: Number { 0 }
  @inline(__always)
  static func combined(_ left: Number, _ right: Number) -> Number { left + right }
}

/// The largest number, a NaN being larger than every other; -infinity of nothing.
enum WindowMaximum<Number: RealNumber>: WindowFold {
  static var initial: Number { -Number.infinity }
  @inline(__always)
  static func combined(_ left: Number, _ right: Number) -> Number {
    // Without branches, which random numbers would make slow.
    let (isLarger, isNaN) = (right > left ? 1 : 0, right != right ? 1 : 0)
    return isLarger | isNaN != 0 ? right : left
  }
}

/// The largest integer; the lowest there is of nothing.
enum WindowIntegerMaximum<Number: FixedWidthInteger & BitwiseCopyable>: WindowFold {
  static var initial: Number { .min }
  @inline(__always)
  static func combined(_ left: Number, _ right: Number) -> Number { max(left, right) }
}

extension Window {
  /// Combines everything the window sees at each output position, padding left out.
  ///
  /// Along the inner axis lines are combined first, then neighbours within the line that results.
  /// - Parameters:
  ///   - source: channels of the input, one after the other.
  ///   - target: channels of the output, overwritten.
  func fold<Fold: WindowFold>(
    _ source: Span<Fold.Number>, channelCount: Int, into target: inout MutableSpan<Fold.Number>,
    _ fold: Fold.Type
  ) {
    var buffer = [Fold.Number](repeating: Fold.initial, count: width.input)
    var line = buffer.mutableSpan
    // Elements of the line that are as far apart as neighbours of the output lie together, so that no loop has steps.
    let phaseCount = min(width.stride, width.input)
    let phaseLength = (width.input + width.stride - 1) / width.stride
    var phaseBuffer = [Fold.Number](
      repeating: Fold.initial, count: phaseCount > 1 ? phaseCount * phaseLength : 0)
    var phases = phaseBuffer.mutableSpan
    forEachLine(channelCount: channelCount) { start, isOutput in
      guard isOutput else {
        return combine(source.extracting(start..<(start + width.input)), into: &line, fold)
      }
      for phase in 0..<(phases.isEmpty ? 0 : phaseCount) {
        for (place, x) in stride(from: phase, to: width.input, by: width.stride).enumerated() {
          phases[phase * phaseLength + place] = line[x]
        }
      }
      var targetLine = target.part(start..<(start + width.output))
      targetLine.update(repeating: Fold.initial)
      for tap in 0..<width.kernel {
        let positions = width.positions(of: tap)
        guard let first = positions.first else { continue }
        let (place, phase) = (width.start(of: first) + tap * width.dilation)
          .quotientAndRemainder(dividingBy: width.stride)
        let seen = phase * phaseLength + place
        var results = targetLine.part(positions)
        let places = seen..<(seen + positions.count)
        if phases.isEmpty {
          combine(line.span.extracting(places), into: &results, fold)
        } else {
          combine(phases.span.extracting(places), into: &results, fold)
        }
      }
      line.update(repeating: Fold.initial)
    }
  }

  /// Calls `body` with where every line of the input that the window sees at a line of the output starts, and then with
  /// where that line starts.
  @inline(never)
  private func forEachLine(channelCount: Int, _ body: (_ start: Int, _ isOutput: Bool) -> Void) {
    for channel in 0..<channelCount {
      for z in 0..<depth.output {
        for y in 0..<height.output {
          for zTap in depth.taps(at: z) {
            let plane = channel * depth.input + depth.start(of: z) + zTap * depth.dilation
            for yTap in height.taps(at: y) {
              body((plane * height.input + height.start(of: y) + yTap * height.dilation) * width.input, false)
            }
          }
          body(((channel * depth.output + z) * height.output + y) * width.output, true)
        }
      }
    }
  }

  @inline(never)
  private func combine<Fold: WindowFold>(
    _ source: Span<Fold.Number>, into target: inout MutableSpan<Fold.Number>, _ fold: Fold.Type
  ) {
    for x in source.indices { target[x] = Fold.combined(target[x], source[x]) }
  }
}
