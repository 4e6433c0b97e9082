/// Reads JSON text (RFC 8259) strictly: UTF-8 without a mark in front, no trailing commas, no repeated keys.
struct JSONParser {
  /// Deepest nesting of lists and objects, so that no text can exhaust the stack.
  static let maximumDepth = 64

  private let text: [UInt8]
  private var position = 0
  private var depth = 0

  /// The value that the whole text is.
  /// - Throws: `jsonSyntax` or `jsonRepeatedKey`, with line and column as the place.
  static func parse(_ text: [UInt8]) throws(InterchangeError) -> JSON {
    var parser = JSONParser(text: text)
    let value = try parser.value()
    parser.skipSpace()
    guard parser.next == nil else { throw parser.unexpected("the end of the text") }
    return value
  }

  private init(text: [UInt8]) {
    self.text = text
  }

  private var next: UInt8? { position < text.count ? text[position] : nil }

  private mutating func value() throws(InterchangeError) -> JSON {
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return try nested { parser throws(InterchangeError) in try parser.object() }
    case UInt8(ascii: "["): return try nested { parser throws(InterchangeError) in try parser.array() }
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "-"), .some(UInt8(ascii: "0")...UInt8(ascii: "9")): return .number(try number())
    default: break
    }
    if take(word: "true") { return .bool(true) }
    if take(word: "false") { return .bool(false) }
    if take(word: "null") { return .null }
    throw unexpected("a value")
  }

  private mutating func nested(
    _ parse: (inout JSONParser) throws(InterchangeError) -> JSON
  ) throws(InterchangeError) -> JSON {
    depth += 1
    guard depth <= Self.maximumDepth else { throw unexpected("at most \(Self.maximumDepth) levels") }
    defer { depth -= 1 }
    position += 1
    return try parse(&self)
  }

  private mutating func array() throws(InterchangeError) -> JSON {
    var elements: [JSON] = []
    if take("]") { return .array([]) }
    repeat { elements.append(try value()) } while take(",")
    guard take("]") else { throw unexpected("',' or ']'") }
    return .array(elements)
  }

  private mutating func object() throws(InterchangeError) -> JSON {
    var fields: [(key: String, value: JSON)] = []
    var keys: Set<String> = []
    if take("}") { return .object([]) }
    repeat {
      skipSpace()
      let start = position
      guard next == UInt8(ascii: "\"") else { throw unexpected("a key in double quotes") }
      let key = try string()
      guard keys.insert(key).inserted else {
        position = start
        throw unexpected("each key once", rule: .jsonRepeatedKey)
      }
      guard take(":") else { throw unexpected("':'") }
      fields.append((key, try value()))
    } while take(",")
    guard take("}") else { throw unexpected("',' or '}'") }
    return .object(fields)
  }

  private mutating func number() throws(InterchangeError) -> String {
    let start = position
    if next == UInt8(ascii: "-") { position += 1 }
    if next == UInt8(ascii: "0") { position += 1 } else { try digits() }
    if next == UInt8(ascii: ".") {
      position += 1
      try digits()
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      position += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
      try digits()
    }
    return String(decoding: text[start..<position], as: UTF8.self)
  }

  private mutating func digits() throws(InterchangeError) {
    let count = text[position...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.count
    guard count > 0 else { throw unexpected("a digit") }
    position += count
  }

  private mutating func string() throws(InterchangeError) -> String {
    let start = position
    position += 1
    var bytes: [UInt8] = []
    while next != UInt8(ascii: "\"") {
      guard let byte = next, byte >= 0x20 else { throw unexpected("the end of a string, or an escape") }
      if byte == UInt8(ascii: "\\") {
        bytes += try escape().utf8
      } else {
        bytes.append(byte)
        position += 1
      }
    }
    position += 1
    guard let string = String(validating: bytes, as: UTF8.self) else {
      position = start
      throw unexpected("a string in UTF-8")
    }
    return string
  }

  private mutating func escape() throws(InterchangeError) -> String {
    let simple: [UInt8: String] = [
      UInt8(ascii: "\""): "\"", UInt8(ascii: "\\"): "\\", UInt8(ascii: "/"): "/", UInt8(ascii: "b"): "\u{8}",
      UInt8(ascii: "f"): "\u{C}", UInt8(ascii: "n"): "\n", UInt8(ascii: "r"): "\r", UInt8(ascii: "t"): "\t",
    ]
    if position + 1 < text.count, let character = simple[text[position + 1]] {
      position += 2
      return character
    }
    let start = position
    var units = [try codeUnit()]
    if UTF16.isLeadSurrogate(units[0]) { units.append(try codeUnit()) }
    guard let character = String(validating: units, as: UTF16.self) else {
      position = start
      throw unexpected("a Unicode character")
    }
    return character
  }

  /// `\u` and four hexadecimal digits.
  private mutating func codeUnit() throws(InterchangeError) -> UInt16 {
    let escape = text[position...].prefix(6)
    let digits = escape.dropFirst(2)
    guard escape.starts(with: Array("\\u".utf8)), digits.count == 4, !digits.contains(UInt8(ascii: "+")),
      let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw unexpected("an escape of JSON") }
    position += 6
    return unit
  }

  private mutating func skipSpace() {
    while next == 0x20 || next == 0x0A || next == 0x0D || next == 0x09 { position += 1 }
  }

  /// Consumes an ASCII character if it comes next, after white space.
  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func take(word: String) -> Bool {
    guard text[position...].starts(with: word.utf8) else { return false }
    position += word.utf8.count
    return true
  }

  private func unexpected(_ expected: String, rule: InterchangeError.Rule = .jsonSyntax) -> InterchangeError {
    let before = text[..<position]
    let line = before.count { $0 == UInt8(ascii: "\n") } + 1
    let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    let rest = text[position...].prefix { $0 != UInt8(ascii: "\n") }.prefix(20)
    return InterchangeError(
      rule, place: "line \(line), column \(position - lineStart + 1)", expected: expected,
      found: position == text.count
        ? "the end" : InterchangeError.quoted(String(decoding: rest, as: UTF8.self)))
  }
}
