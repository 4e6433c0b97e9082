/// The fields of a JSON object that may have only certain keys, so that no misspelled key passes silently.
///
/// Errors carry the path from here to the wrong value, for instance `nodes[3].inputs[0]`.
struct JSONObject {
  private let fields: [(key: String, value: JSON)]

  /// - Throws: `jsonValue` if `json` is no object, `jsonUnknownKey` if it has a key that is not in `keys`.
  init(_ json: JSON, keys: [String]) throws(InterchangeError) {
    guard case .object(let fields) = json else { throw json.mismatch("an object") }
    for field in fields where !keys.contains(field.key) {
      throw InterchangeError(
        .jsonUnknownKey, expected: "only the keys \(keys.joined(separator: ", "))",
        found: InterchangeError.quoted(field.key))
    }
    self.fields = fields
  }

  /// In the order of the text.
  var keys: [String] { fields.map(\.key) }

  /// The decoded field, or nil if there is none.
  func optional<Value>(
    _ key: String, _ decode: (JSON) throws(InterchangeError) -> Value
  ) throws(InterchangeError) -> Value? {
    guard let field = fields.first(where: { $0.key == key }) else { return nil }
    do throws(InterchangeError) {
      return try decode(field.value)
    } catch {
      throw error.under(key)
    }
  }

  func required<Value>(
    _ key: String, _ decode: (JSON) throws(InterchangeError) -> Value
  ) throws(InterchangeError) -> Value {
    guard let value = try optional(key, decode) else {
      throw InterchangeError(.jsonMissingKey, expected: "the key '\(key)'", found: "none")
    }
    return value
  }
}

extension JSON {
  func mismatch(_ expected: String) -> InterchangeError {
    InterchangeError(.jsonValue, expected: expected, found: kind)
  }

  /// The decoded elements of a list.
  func list<Value>(
    of decode: (JSON) throws(InterchangeError) -> Value
  ) throws(InterchangeError) -> [Value] {
    guard case .array(let elements) = self else { throw mismatch("a list") }
    var values: [Value] = []
    values.reserveCapacity(elements.count)
    for (position, element) in elements.enumerated() {
      do throws(InterchangeError) {
        values.append(try decode(element))
      } catch {
        throw error.under("[\(position)]")
      }
    }
    return values
  }

  func text() throws(InterchangeError) -> String {
    guard case .string(let text) = self else { throw mismatch("a string") }
    return text
  }

  func int() throws(InterchangeError) -> Int {
    guard case .number(let text) = self, let value = Int(text) else { throw mismatch("a 64-bit integer") }
    return value
  }

  /// The nearest float32; infinities and NaN are the strings "inf", "-inf" and "nan".
  func float() throws(InterchangeError) -> Float {
    switch self {
    case .number(let text):
      guard let value = Float(text), value.isFinite else { break }
      return value
    case .string("inf"): return .infinity
    case .string("-inf"): return -.infinity
    case .string("nan"): return .nan
    default: break
    }
    throw mismatch("a float32 number")
  }

  /// The bytes of a string, or of a list of numbers.
  func bytes() throws(InterchangeError) -> [UInt8] {
    switch self {
    case .string(let text): return Array(text.utf8)
    case .array:
      return try list { json throws(InterchangeError) in
        guard let byte = UInt8(exactly: try json.int()) else { throw json.mismatch("a byte, 0 to 255") }
        return byte
      }
    default: throw mismatch("a string or a list of bytes")
    }
  }
}

extension InterchangeError {
  /// The same error with `step`, a key or a position in brackets, in front of its place.
  func under(_ step: String) -> InterchangeError {
    var error = self
    error.place = step + (place.isEmpty || place.hasPrefix("[") ? place : ".\(place)")
    return error
  }
}
