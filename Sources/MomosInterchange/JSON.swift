/// A JSON value (RFC 8259) that keeps the order of keys and the text of numbers.
indirect enum JSON {
  case null
  case bool(Bool)
  /// As it stands in the text, so that no digit is lost.
  case number(String)
  case string(String)
  case array([JSON])
  case object([(key: String, value: JSON)])

  /// What kind of value it is, for messages.
  var kind: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .number(let text): "the number \(text.prefix(30))"
    case .string(let text): "the string \(InterchangeError.quoted(text))"
    case .array: "a list"
    case .object: "an object"
    }
  }
}

extension JSON {
  /// The text with two spaces per level. What holds no object inside stands on one line.
  func rendered(indentation: String = "") -> String {
    let inner = indentation + "  "
    switch self {
    case .null: return "null"
    case .bool(let value): return "\(value)"
    case .number(let text): return text
    case .string(let text): return JSONText.quoted(text)
    case .array(let elements):
      let texts = elements.map { $0.rendered(indentation: inner) }
      return Self.joined(texts, "[", "]", onLines: elements.contains(where: \.holdsObject), indentation)
    case .object(let fields):
      let texts = fields.map { JSONText.quoted($0.key) + ": " + $0.value.rendered(indentation: inner) }
      return Self.joined(texts, "{", "}", onLines: fields.contains(where: \.value.holdsObject), indentation)
    }
  }

  private static func joined(
    _ texts: [String], _ start: String, _ end: String, onLines: Bool, _ indentation: String
  ) -> String {
    guard onLines else { return start + texts.joined(separator: ", ") + end }
    let lines = texts.map { "\(indentation)  \($0)" }.joined(separator: ",\n")
    return "\(start)\n\(lines)\n\(indentation)\(end)"
  }

  private var holdsObject: Bool {
    switch self {
    case .null, .bool, .number, .string: false
    case .array(let elements): elements.contains(where: \.holdsObject)
    case .object: true
    }
  }
}
