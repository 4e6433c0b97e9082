import MomosModel

/// The dictionary in the header of an .npy file, as numpy writes it for a plain array:
/// `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
///
/// Only this is Python here: exactly these three keys in any order, a string without escapes, True or False,
/// and a tuple of decimal integers. Anything else is an error.
struct NPYHeaderLiteral: Hashable {
  private(set) var descriptor: String
  private(set) var isFortranOrder: Bool
  private(set) var dimensions: [Int]

  init(parsing text: [UInt8]) throws(InterchangeError) {
    var scanner = Scanner(text: text)
    var descriptor: String?
    var isFortranOrder: Bool?
    var dimensions: [Int]?
    try scanner.expect("{")
    while !scanner.take("}") {
      let key = try scanner.string()
      try scanner.expect(":")
      switch key {
      case "descr" where descriptor == nil: descriptor = try scanner.descriptor()
      case "fortran_order" where isFortranOrder == nil: isFortranOrder = try scanner.boolean()
      case "shape" where dimensions == nil: dimensions = try scanner.tuple()
      default: throw Self.wrongKeys(found: "\(InterchangeError.quoted(key)) too many")
      }
      if !scanner.take(",") {
        try scanner.expect("}")
        break
      }
    }
    try scanner.expectEnd()
    guard let descriptor, let isFortranOrder, let dimensions else {
      throw Self.wrongKeys(found: "fewer")
    }
    self.descriptor = descriptor
    self.isFortranOrder = isFortranOrder
    self.dimensions = dimensions
  }

  private static func wrongKeys(found: String) -> InterchangeError {
    InterchangeError(
      .npyHeaderKeys, expected: "exactly the keys descr, fortran_order and shape", found: found)
  }
}

/// Reads the tokens of the literal from left to right, skipping white space before each.
private struct Scanner {
  let text: [UInt8]
  private var position = 0

  init(text: [UInt8]) {
    self.text = text
  }

  private var next: UInt8? { position < text.count ? text[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") { position += 1 }
  }

  private func unexpected(_ expected: String) -> InterchangeError {
    let rest = String(decoding: text[position...].prefix(20), as: UTF8.self)
    return InterchangeError(
      .npyHeaderSyntax, place: "byte \(position)", expected: expected,
      found: rest.isEmpty ? "the end" : InterchangeError.quoted(rest))
  }

  /// Consumes `token` if it comes next.
  mutating func take(_ token: StaticString) -> Bool {
    skipSpace()
    let bytes = Array(token.description.utf8)
    guard text[position...].starts(with: bytes) else { return false }
    position += bytes.count
    return true
  }

  mutating func expect(_ token: StaticString) throws(InterchangeError) {
    guard take(token) else { throw unexpected("'\(token)'") }
  }

  mutating func expectEnd() throws(InterchangeError) {
    skipSpace()
    guard position == text.count else { throw unexpected("the end") }
  }

  /// Text in single or double quotes; printable ASCII without a backslash.
  mutating func string() throws(InterchangeError) -> String {
    skipSpace()
    guard let quote = next, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
      throw unexpected("a string")
    }
    guard let end = text[(position + 1)...].firstIndex(of: quote) else { throw unexpected("a closed string") }
    let content = text[(position + 1)..<end]
    guard content.allSatisfy({ (0x20..<0x7F).contains($0) && $0 != UInt8(ascii: "\\") }) else {
      throw unexpected("a string of printable ASCII without escapes")
    }
    position = end + 1
    return String(decoding: content, as: UTF8.self)
  }

  mutating func descriptor() throws(InterchangeError) -> String {
    if take("[") || take("(") {
      throw InterchangeError(
        .npyElementType, place: "descr", expected: "one plain element type", found: "a structured type")
    }
    return try string()
  }

  mutating func boolean() throws(InterchangeError) -> Bool {
    if take("True") { return true }
    if take("False") { return false }
    throw unexpected("True or False")
  }

  /// `()`, `(3,)`, `(3, 4)`.
  mutating func tuple() throws(InterchangeError) -> [Int] {
    var numbers: [Int] = []
    try expect("(")
    while !take(")") {
      numbers.append(try number())
      // A single number in parentheses without a comma is no tuple.
      if take(",") { continue }
      guard numbers.count > 1 else { throw unexpected("','") }
      try expect(")")
      break
    }
    return numbers
  }

  private mutating func number() throws(InterchangeError) -> Int {
    skipSpace()
    let digits = text[position...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    guard let first = digits.first, first != UInt8(ascii: "0") || digits.count == 1,
      let value = Int(String(decoding: digits, as: UTF8.self))
    else { throw unexpected("a dimension, 0 to 2^63 - 1") }
    position += digits.count
    return value
  }
}
