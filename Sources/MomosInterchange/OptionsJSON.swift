import MomosModel

/// Options by name from a JSON object, for callers that have no command line.
///
/// Any other key is an error, and so is a repeated one; null is like a missing key.
public struct OptionsJSON: Sendable {
  /// Longest text.
  public static let maximumByteCount = 1 << 20

  private enum Value: Sendable {
    case flag(Bool)
    /// As it stands in the text.
    case number(String)
    case text(String)
    case texts([String])
    case named([String: String])

    /// What kind of value it is, for messages.
    var kind: String {
      switch self {
      case .flag(let flag): "\(flag)"
      case .number(let text): "the number \(text.prefix(30))"
      case .text(let text): "the string \(InterchangeError.quoted(text))"
      case .texts: "a list"
      case .named: "an object"
      }
    }
  }

  private let values: [String: Value]

  /// - Parameters:
  ///   - text: UTF-8.
  ///   - names: of the options that there are.
  public init(_ text: String, names: [String]) throws(InterchangeError) {
    let bytes = Array(text.utf8)
    guard bytes.count <= Self.maximumByteCount else {
      throw InterchangeError(
        .optionsTooLarge, expected: "at most \(Self.maximumByteCount) bytes of JSON", found: "\(bytes.count)")
    }
    let object = try JSONObject(JSONParser.parse(bytes), keys: names)
    var values: [String: Value] = [:]
    for key in object.keys { values[key] = try object.optional(key, Self.value) ?? nil }
    self.values = values
  }

  /// nil for null.
  private static func value(_ json: JSON) throws(InterchangeError) -> Value? {
    switch json {
    case .null: return nil
    case .bool(let flag): return .flag(flag)
    case .number(let text): return .number(text)
    case .string(let text): return .text(text)
    case .array: return .texts(try json.list { element throws(InterchangeError) in try element.text() })
    case .object(let fields):
      let object = try JSONObject(json, keys: fields.map(\.key))
      var named: [String: String] = [:]
      for key in object.keys {
        named[key] = try object.required(key) { element throws(InterchangeError) in try element.text() }
      }
      return .named(named)
    }
  }

  /// False if there is no such option.
  public func flag(_ name: String) throws(InterchangeError) -> Bool {
    switch values[name] {
    case nil: return false
    case .flag(let flag): return flag
    case .some(let value): throw mismatch(name, "true or false", value)
    }
  }

  public func text(_ name: String) throws(InterchangeError) -> String? {
    switch values[name] {
    case nil: return nil
    case .text(let text): return text
    case .some(let value): throw mismatch(name, "a string", value)
    }
  }

  /// A string, or a list of strings; empty if there is no such option.
  public func texts(_ name: String) throws(InterchangeError) -> [String] {
    switch values[name] {
    case nil: return []
    case .text(let text): return [text]
    case .texts(let texts): return texts
    case .some(let value): throw mismatch(name, "a string or a list of strings", value)
    }
  }

  /// Strings by name; empty if there is no such option.
  public func named(_ name: String) throws(InterchangeError) -> [String: String] {
    switch values[name] {
    case nil: return [:]
    case .named(let texts): return texts
    case .some(let value): throw mismatch(name, "an object of strings", value)
    }
  }

  /// A finite number.
  public func number(_ name: String) throws(InterchangeError) -> Double? {
    guard let value = values[name] else { return nil }
    guard case .number(let text) = value, let number = Double(text), number.isFinite else {
      throw mismatch(name, "a number", value)
    }
    return number
  }

  public func integer<Integer: FixedWidthInteger>(
    _ name: String, as type: Integer.Type = Int.self
  ) throws(InterchangeError) -> Integer? {
    guard let value = values[name] else { return nil }
    guard case .number(let text) = value, let number = Integer(text) else {
      throw mismatch(name, "an integer from \(Integer.min) to \(Integer.max)", value)
    }
    return number
  }

  /// What `decode` makes of a string or the text of a number.
  public func choice<Value>(
    _ name: String, expected: String, _ decode: (String) -> Value?
  ) throws(InterchangeError) -> Value? {
    switch values[name] {
    case nil: return nil
    case .text(let text), .number(let text):
      guard let value = decode(text) else {
        throw mismatch(name, expected, .text(text))
      }
      return value
    case .some(let value): throw mismatch(name, expected, value)
    }
  }

  private func mismatch(_ name: String, _ expected: String, _ value: Value) -> InterchangeError {
    InterchangeError(.jsonValue, place: name, expected: expected, found: value.kind)
  }
}
