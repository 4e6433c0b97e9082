import MomosInterchange
import MomosModel

/// A result that commands print: as text for people, as JSON for programs.
public protocol Report: Encodable {
  /// Lines for a terminal, without a final line end.
  var text: String { get }
}

extension Report {
  /// The report as JSON with sorted keys; numbers that JSON lacks (infinities, NaN) are strings.
  public var json: String {
    let root = JSONNode()
    do {
      try encode(to: JSONEncoding(node: root))
    } catch {
      return "{}"
    }
    return root.text(indentation: "")
  }
}

/// A value of JSON under construction.
private final class JSONNode {
  private enum Content {
    case leaf(String)
    case list([JSONNode])
    case object([String: JSONNode])
  }

  private var content = Content.leaf("null")

  func set(_ text: String) { content = .leaf(text) }

  func makeList() {
    if case .list = content { return }
    content = .list([])
  }

  func makeObject() {
    if case .object = content { return }
    content = .object([:])
  }

  var count: Int { if case .list(let elements) = content { elements.count } else { 0 } }

  /// A new element of a list.
  func append() -> JSONNode {
    let node = JSONNode()
    if case .list(var elements) = content {
      content = .leaf("")
      elements.append(node)
      content = .list(elements)
    }
    return node
  }

  /// A new field of an object.
  func field(_ key: String) -> JSONNode {
    let node = JSONNode()
    if case .object(var fields) = content {
      content = .leaf("")
      fields[key] = node
      content = .object(fields)
    }
    return node
  }

  /// Two spaces for each level.
  func text(indentation: String) -> String {
    let inner = indentation + "  "
    switch content {
    case .leaf(let text): return text
    case .list(let elements):
      return Self.joined(elements.map { $0.text(indentation: inner) }, "[", "]", indentation)
    case .object(let fields):
      let lines = fields.inKeyOrder.map { key, node in
        JSONText.quoted(key) + " : " + node.text(indentation: inner)
      }
      return Self.joined(lines, "{", "}", indentation)
    }
  }

  private static func joined(
    _ texts: [String], _ start: String, _ end: String, _ indentation: String
  ) -> String {
    start + "\n" + texts.map { "\(indentation)  \($0)" }.joined(separator: ",\n") + "\n\(indentation)\(end)"
  }

  /// The shortest text that reads as the same number.
  static func number(_ value: some BinaryFloatingPoint & CustomStringConvertible) -> String {
    if value.isNaN { return JSONText.quoted("nan") }
    if value.isInfinite { return JSONText.quoted(value > 0 ? "inf" : "-inf") }
    let text = value.description
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}

/// Encodes one value into a node.
private struct JSONEncoding: Encoder, SingleValueEncodingContainer {
  let node: JSONNode
  var codingPath: [any CodingKey] = []
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    node.makeObject()
    return KeyedEncodingContainer(JSONFields<Key>(node: node, codingPath: codingPath))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    node.makeList()
    return JSONElements(node: node, codingPath: codingPath)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { self }

  func encodeNil() { node.set("null") }
  func encode(_ value: Bool) { node.set("\(value)") }
  func encode(_ value: String) { node.set(JSONText.quoted(value)) }
  func encode(_ value: Double) { node.set(JSONNode.number(value)) }
  func encode(_ value: Float) { node.set(JSONNode.number(value)) }

  func encode<Value: Encodable>(_ value: Value) throws {
    if let integer = value as? any BinaryInteger & Encodable {
      node.set("\(integer)")
    } else {
      try value.encode(to: self)
    }
  }
}

private struct JSONFields<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let node: JSONNode
  var codingPath: [any CodingKey]

  /// Keys of dictionaries stay as they are, names of properties get underscores.
  private func field(_ key: Key) -> JSONNode {
    let isProperty = String(describing: Key.self) != "_DictionaryCodingKey"
    return node.field(isProperty ? key.stringValue.withUnderscores : key.stringValue)
  }

  func encodeNil(forKey key: Key) { field(key).set("null") }

  func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
    try JSONEncoding(node: field(key), codingPath: codingPath + [key]).encodeAny(value)
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) -> KeyedEncodingContainer<Nested> {
    JSONEncoding(node: field(key), codingPath: codingPath + [key]).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    JSONEncoding(node: field(key), codingPath: codingPath + [key]).unkeyedContainer()
  }

  func superEncoder() -> any Encoder { JSONEncoding(node: node.field("super"), codingPath: codingPath) }

  func superEncoder(forKey key: Key) -> any Encoder {
    JSONEncoding(node: field(key), codingPath: codingPath + [key])
  }
}

private struct JSONElements: UnkeyedEncodingContainer {
  let node: JSONNode
  var codingPath: [any CodingKey]
  var count: Int { node.count }

  func encodeNil() { node.append().set("null") }

  func encode<Value: Encodable>(_ value: Value) throws {
    try JSONEncoding(node: node.append(), codingPath: codingPath).encodeAny(value)
  }

  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
    JSONEncoding(node: node.append(), codingPath: codingPath).container(keyedBy: type)
  }

  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
    JSONEncoding(node: node.append(), codingPath: codingPath).unkeyedContainer()
  }

  func superEncoder() -> any Encoder { JSONEncoding(node: node.append(), codingPath: codingPath) }
}

extension JSONEncoding {
  /// The leaves of JSON by their types, everything else by its own encoding.
  func encodeAny(_ value: some Encodable) throws {
    switch value {
    case let value as Bool: encode(value)
    case let value as String: encode(value)
    case let value as Double: encode(value)
    case let value as Float: encode(value)
    default: try encode(value)
    }
  }
}

extension String {
  /// `fileByteCount` as `file_byte_count`; capitals that follow one another are one word.
  fileprivate var withUnderscores: String {
    let capitals = UInt8(ascii: "A")...UInt8(ascii: "Z")
    let smallLetters = UInt8(ascii: "a")...UInt8(ascii: "z")
    let letters = Array(utf8)
    var result: [UInt8] = []
    for (position, letter) in letters.enumerated() {
      let isCapital = capitals.contains(letter)
      if isCapital, position > 0 {
        let followsSmall = !capitals.contains(letters[position - 1])
        let precedesSmall = position + 1 < letters.count && smallLetters.contains(letters[position + 1])
        if followsSmall || precedesSmall { result.append(UInt8(ascii: "_")) }
      }
      result.append(isCapital ? letter | 0x20 : letter)
    }
    return String(decoding: result, as: UTF8.self)
  }
}
