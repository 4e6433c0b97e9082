/// A regular expression that names tensors.
///
/// Literal characters, `.`, `[a-z]`, `[^a-z]`, `\d \w \s` and their opposites, groups, `|`, `* + ? {n} {n,} {n,m}`; `^` in front
/// and `$` at the end change nothing. A backslash before punctuation makes it literal. Lookaround, references to groups and flags
/// are refused. A pattern of n steps reads a name of m scalars in O(n * m), whatever the two are.
struct NamePattern {
  /// What a pattern may be compiled to; counts in braces are written out.
  static let maximumStepCount = 10_000

  private enum Step {
    /// Reads a scalar and goes on with the next step.
    case read(ScalarSet)
    /// Goes on with both steps, given by their distance from this one.
    case fork(Int, Int)
  }

  private var steps: [Step] = []

  /// nil for a text that is no pattern.
  init?(_ text: String) {
    var parser = NamePatternParser(text)
    guard let expression = parser.parse(), expression.stepCount(upTo: Self.maximumStepCount) != nil else {
      return nil
    }
    append(expression)
  }

  /// True if the whole name matches.
  func matches(_ name: String) -> Bool {
    var places = Set<Int>()
    follow(0, into: &places)
    for scalar in name.unicodeScalars {
      var next = Set<Int>()
      for place in places {
        if place < steps.count, case .read(let set) = steps[place], set.contains(scalar) {
          follow(place + 1, into: &next)
        }
      }
      places = next
    }
    return places.contains(steps.count)
  }

  /// Adds a step and those that follow it without reading. The step behind the last one is the end.
  private func follow(_ place: Int, into places: inout Set<Int>) {
    var waiting = [place]
    while let place = waiting.popLast() {
      guard places.insert(place).inserted, place < steps.count else { continue }
      if case .fork(let one, let other) = steps[place] {
        waiting.append(place + one)
        waiting.append(place + other)
      }
    }
  }

  private mutating func append(_ expression: NameExpression) {
    switch expression {
    case .scalar(let set): steps.append(.read(set))
    case .sequence(let parts): for part in parts { append(part) }
    case .choice(let alternatives):
      let ends = alternatives.map { alternative in
        let fork = appendFork()
        append(alternative)
        let end = appendFork()
        steps[fork] = .fork(1, steps.count - fork)
        return end
      }
      // Behind the last alternative there is nothing to go on with.
      steps.append(.read(ScalarSet()))
      for end in ends { steps[end] = .fork(steps.count - end, steps.count - end) }
    case .repeated(let part, let counts, let isUnbounded):
      for _ in 0..<counts.lowerBound { append(part) }
      if isUnbounded {
        let fork = appendFork()
        append(part)
        steps.append(.fork(fork - steps.count, fork - steps.count))
        steps[fork] = .fork(1, steps.count - fork)
      } else {
        let forks = counts.dropFirst().map { _ in
          let fork = appendFork()
          append(part)
          return fork
        }
        for fork in forks { steps[fork] = .fork(1, steps.count - fork) }
      }
    }
  }

  /// A fork whose goals are not known yet.
  private mutating func appendFork() -> Int {
    steps.append(.fork(1, 1))
    return steps.count - 1
  }
}

/// What a pattern says, as a tree.
indirect enum NameExpression {
  case scalar(ScalarSet)
  case sequence([NameExpression])
  case choice([NameExpression])
  /// As often as a count says, or at least as often as the least one.
  case repeated(NameExpression, ClosedRange<Int>, isUnbounded: Bool)

  /// At least as many steps as it becomes; nil beyond a limit.
  func stepCount(upTo limit: Int) -> Int? {
    var count = 1
    switch self {
    case .scalar: break
    case .sequence(let parts), .choice(let parts):
      for part in parts {
        guard let steps = part.stepCount(upTo: limit - count) else { return nil }
        count += steps + 2
      }
    case .repeated(let part, let counts, let isUnbounded):
      guard let one = part.stepCount(upTo: limit) else { return nil }
      count = (counts.upperBound + (isUnbounded ? 1 : 0)) * (one + 2)
    }
    return count <= limit ? count : nil
  }
}

/// Scalars within ranges, or outside of all of them.
struct ScalarSet {
  var ranges: [ClosedRange<UInt32>] = []
  var isInverted = false

  func contains(_ scalar: Unicode.Scalar) -> Bool {
    ranges.contains { $0.contains(scalar.value) } != isInverted
  }

  /// Every scalar.
  static let all = ScalarSet(isInverted: true)

  init(ranges: [ClosedRange<UInt32>] = [], isInverted: Bool = false) {
    self.ranges = ranges
    self.isInverted = isInverted
  }

  init(_ scalar: Unicode.Scalar) {
    self.init(ranges: [scalar.value...scalar.value])
  }

  /// What a backslash and a letter mean; nil for other letters. ASCII only.
  init?(class letter: Unicode.Scalar) {
    let digits: ClosedRange<UInt32> = 0x30...0x39
    switch letter {
    case "d", "D": ranges = [digits]
    case "w", "W": ranges = [digits, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A]
    case "s", "S": ranges = [0x09...0x0D, 0x20...0x20]
    default: return nil
    }
    isInverted = letter < "a"
  }
}
