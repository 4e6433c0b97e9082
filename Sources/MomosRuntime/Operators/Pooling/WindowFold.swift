/// How what a window sees becomes one number.
protocol WindowFold {
  associatedtype Number: BitwiseCopyable
  /// What every result begins with.
  static var initial: Number { get }
  static func combined(_ left: Number, _ right: Number) -> Number
  /// The same, for loops that go through elements one by one.
  static func combinedSingly(_ left: Number, _ right: Number) -> Number
}

extension WindowFold {
  @inline(__always)
  static func combinedSingly(_ left: Number, _ right: Number) -> Number { combined(left, right) }
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
  @inline(__always)
  static func combinedSingly(_ left: Number, _ right: Number) -> Number {
    let larger = left < right ? right : left
    return right.isNaN ? right : larger
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
    forEachLine(channelCount: channelCount) { start, isOutput in
      guard isOutput else {
        return combine(source.extracting(start..<(start + width.input)), step: 1, into: &line, fold)
      }
      var targetLine = target.part(start..<(start + width.output))
      targetLine.update(repeating: Fold.initial)
      for tap in 0..<width.kernel {
        let positions = width.positions(of: tap)
        guard let first = positions.first else { continue }
        var results = targetLine.part(positions)
        let seen = line.span.extracting((width.start(of: first) + tap * width.dilation)...)
        combine(seen, step: width.stride, into: &results, fold)
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

  /// Combines every result with an element, which are `step` apart.
  @inline(never)
  private func combine<Fold: WindowFold>(
    _ source: Span<Fold.Number>, step: Int, into target: inout MutableSpan<Fold.Number>, _ fold: Fold.Type
  ) {
    if step == 1 {
      let seen = source.extracting(first: target.count)
      for x in seen.indices { target[x] = Fold.combined(target[x], seen[x]) }
    } else {
      for x in target.indices { target[x] = Fold.combinedSingly(target[x], source[x * step]) }
    }
  }
}
