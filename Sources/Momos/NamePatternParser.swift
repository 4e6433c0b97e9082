/// Reads the text of a `NamePattern`; nil, all the way up, where it breaks the rules.
struct NamePatternParser {
  /// Of groups in each other.
  private static let maximumDepth = 50
  /// In braces.
  private static let maximumCount = 1000

  private var rest: Substring.UnicodeScalarView
  private var depth = 0

  init(_ text: String) {
    rest = text[...].unicodeScalars
  }

  mutating func parse() -> NameExpression? {
    _ = take("^")
    guard let expression = choice(), rest.isEmpty else { return nil }
    return expression
  }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard rest.first == scalar else { return false }
    rest.removeFirst()
    return true
  }

  private mutating func choice() -> NameExpression? {
    var alternatives: [NameExpression] = []
    repeat {
      guard let alternative = sequence() else { return nil }
      alternatives.append(alternative)
    } while take("|")
    return alternatives.count == 1 ? alternatives[0] : .choice(alternatives)
  }

  private mutating func sequence() -> NameExpression? {
    var parts: [NameExpression] = []
    while let next = rest.first, next != "|", next != ")" {
      if next == "$", rest.dropFirst().isEmpty {
        rest.removeFirst()
        break
      }
      guard let part = atom(), let repeated = repetition(of: part) else { return nil }
      parts.append(repeated)
    }
    return .sequence(parts)
  }

  private mutating func atom() -> NameExpression? {
    switch rest.removeFirst() {
    case "(": group()
    case "[": brackets().map { .scalar($0) }
    case ".": .scalar(.all)
    case "\\": escaped().map { .scalar($0) }
    case "*", "+", "?", "{", "}", "]", "^", "$": nil
    case let scalar: .scalar(ScalarSet(scalar))
    }
  }

  /// What follows an opening parenthesis, to the closing one.
  private mutating func group() -> NameExpression? {
    if take("?"), !take(":") { return nil }
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth, let expression = choice(), take(")") else { return nil }
    return expression
  }

  /// What follows a backslash.
  private mutating func escaped() -> ScalarSet? {
    guard let scalar = rest.popFirst() else { return nil }
    if let set = ScalarSet(class: scalar) { return set }
    let isPunctuation = scalar.isASCII && ScalarSet(class: "w")?.contains(scalar) == false
    return isPunctuation ? ScalarSet(scalar) : nil
  }

  /// What follows an opening bracket, to the closing one.
  private mutating func brackets() -> ScalarSet? {
    var set = ScalarSet(isInverted: take("^"))
    repeat {
      guard let first = bracketMember() else { return nil }
      // A hyphen is one only between two scalars.
      guard let lowest = first.single, rest.first == "-", rest.dropFirst().first != "]" else {
        set.ranges += first.ranges
        continue
      }
      rest.removeFirst()
      guard let highest = bracketMember()?.single, lowest <= highest else { return nil }
      set.ranges.append(lowest...highest)
    } while !take("]")
    return set
  }

  private mutating func bracketMember() -> ScalarSet? {
    guard let scalar = rest.popFirst() else { return nil }
    guard scalar == "\\" else { return scalar == "[" ? nil : ScalarSet(scalar) }
    guard let set = escaped() else { return nil }
    return set.isInverted ? nil : set
  }

  private mutating func repetition(of part: NameExpression) -> NameExpression? {
    var expression = part
    if take("*") {
      expression = .repeated(part, 0...0, isUnbounded: true)
    } else if take("+") {
      expression = .repeated(part, 1...1, isUnbounded: true)
    } else if take("?") {
      expression = .repeated(part, 0...1, isUnbounded: false)
    } else if take("{") {
      guard let counted = counts(of: part) else { return nil }
      expression = counted
    } else {
      return part
    }
    // As few as possible is the same where all of a name has to match.
    _ = take("?")
    return expression
  }

  /// What follows an opening brace, to the closing one.
  private mutating func counts(of part: NameExpression) -> NameExpression? {
    guard let least = count() else { return nil }
    if take("}") { return .repeated(part, least...least, isUnbounded: false) }
    guard take(",") else { return nil }
    if take("}") { return .repeated(part, least...least, isUnbounded: true) }
    guard let most = count(), least <= most, take("}") else { return nil }
    return .repeated(part, least...most, isUnbounded: false)
  }

  private mutating func count() -> Int? {
    let digits = rest.prefix { ("0"..."9").contains($0) }
    rest = rest.dropFirst(digits.count)
    guard let count = Int(String(digits)), count <= Self.maximumCount else { return nil }
    return count
  }
}

extension ScalarSet {
  /// The value of the one scalar in it; nil if there are more.
  fileprivate var single: UInt32? {
    guard let first = ranges.first, ranges.count == 1, first.count == 1, !isInverted else { return nil }
    return first.lowerBound
  }
}
