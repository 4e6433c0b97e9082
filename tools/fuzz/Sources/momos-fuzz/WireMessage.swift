/// Which fields of a protobuf message are messages, and which are packed numbers.
final class WireSchema: Sendable {
  let messages: [UInt64: WireSchema]
  let packed: Set<UInt64>

  init(_ messages: [UInt64: WireSchema] = [:], packed: Set<UInt64> = []) {
    self.messages = messages
    self.packed = packed
  }

  static let momos = WireSchema([
    2: WireSchema(), 3: WireSchema(),
    4: WireSchema([12: WireSchema([5: WireSchema()])], packed: [3, 10]),
    5: WireSchema([2: momosValue, 3: momosValue, 4: WireSchema([6: WireSchema(packed: [9])])]),
    6: WireSchema(), 7: WireSchema([3: WireSchema(), 4: WireSchema()]),
  ])
  private static let momosValue = WireSchema([3: WireSchema()])

  static let onnx = WireSchema([
    7: WireSchema([
      1: WireSchema([5: WireSchema([5: onnxTensor], packed: [8])]), 5: onnxTensor, 11: onnxValue,
      12: onnxValue,
      15: WireSchema([1: onnxTensor]),
    ]), 8: WireSchema(), 25: WireSchema(),
  ])
  private static let onnxTensor = WireSchema([13: WireSchema()], packed: [1, 5, 7, 11])
  private static let onnxValue = WireSchema([
    2: WireSchema([1: WireSchema([2: WireSchema([1: WireSchema()])])])
  ])
}

/// A protobuf message as a tree of fields, valid or not.
struct WireMessage {
  struct Field {
    var number: UInt64
    var value: Value
  }

  indirect enum Value {
    case varint(UInt64)
    case fixed64(UInt64)
    case fixed32(UInt32)
    case bytes([UInt8])
    /// Varints, one after the other.
    case packed([UInt64])
    case message(WireMessage)
  }

  var fields: [Field] = []

  init() {}

  /// nil for bytes that are no message.
  init?(_ bytes: ArraySlice<UInt8>, _ schema: WireSchema) {
    var rest = bytes
    while !rest.isEmpty {
      guard let key = Self.varint(&rest) else { return nil }
      let value: Value
      switch key & 7 {
      case 0:
        guard let number = Self.varint(&rest) else { return nil }
        value = .varint(number)
      case 1:
        guard let number = Self.fixed(&rest, 8) else { return nil }
        value = .fixed64(number)
      case 5:
        guard let number = Self.fixed(&rest, 4) else { return nil }
        value = .fixed32(UInt32(truncatingIfNeeded: number))
      case 2:
        guard let count = Self.varint(&rest), count <= UInt64(rest.count) else { return nil }
        value = Self.value(rest.prefix(Int(count)), key >> 3, schema)
        rest = rest.dropFirst(Int(count))
      default: return nil
      }
      fields.append(Field(number: key >> 3, value: value))
    }
  }

  private static func value(_ content: ArraySlice<UInt8>, _ number: UInt64, _ schema: WireSchema) -> Value {
    if let inner = schema.messages[number], let message = WireMessage(content, inner) {
      return .message(message)
    }
    guard schema.packed.contains(number) else { return .bytes(Array(content)) }
    var numbers: [UInt64] = []
    var rest = content
    while !rest.isEmpty {
      guard let number = varint(&rest) else { return .bytes(Array(content)) }
      numbers.append(number)
    }
    return .packed(numbers)
  }

  private static func varint(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard let byte = rest.popFirst() else { return nil }
      if shift < 64 { value |= UInt64(byte & 0x7F) << shift }
      if byte < 0x80 { return value }
    }
    return nil
  }

  private static func fixed(_ rest: inout ArraySlice<UInt8>, _ count: Int) -> UInt64? {
    guard rest.count >= count else { return nil }
    let value = rest.prefix(count).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    rest = rest.dropFirst(count)
    return value
  }

  var encoded: [UInt8] {
    var bytes: [UInt8] = []
    for field in fields {
      switch field.value {
      case .varint(let number):
        bytes.append(varint: field.number << 3)
        bytes.append(varint: number)
      case .fixed64(let number):
        bytes.append(varint: field.number << 3 | 1)
        bytes.append(number, count: 8)
      case .fixed32(let number):
        bytes.append(varint: field.number << 3 | 5)
        bytes.append(UInt64(number), count: 4)
      case .bytes(let content): bytes.append(content, field: field.number)
      case .packed(let numbers):
        var content: [UInt8] = []
        for number in numbers { content.append(varint: number) }
        bytes.append(content, field: field.number)
      case .message(let message): bytes.append(message.encoded, field: field.number)
      }
    }
    return bytes
  }

  /// The value of the first field of a number.
  subscript(number: UInt64) -> Value? {
    get { fields.first { $0.number == number }?.value }
    set {
      let position = fields.firstIndex { $0.number == number }
      if let position, let newValue {
        fields[position].value = newValue
      } else if let newValue {
        fields.append(Field(number: number, value: newValue))
      } else if let position {
        fields.remove(at: position)
      }
    }
  }

  /// The first field of a number as an integer.
  func integer(_ number: UInt64) -> UInt64? {
    if case .varint(let value) = self[number] { value } else { nil }
  }
}

extension [UInt8] {
  mutating func append(varint value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(rest))
  }

  /// Appends a little-endian integer.
  mutating func append(_ value: UInt64, count: Int) {
    for position in 0..<count { append(UInt8(truncatingIfNeeded: value >> UInt64(8 * position))) }
  }

  fileprivate mutating func append(_ content: [UInt8], field number: UInt64) {
    append(varint: number << 3 | 2)
    append(varint: UInt64(content.count))
    self += content
  }

  /// The little-endian integer at an offset; nil beyond the end.
  func integer(at offset: Int, count: Int) -> UInt64? {
    guard offset >= 0, offset <= self.count - count else { return nil }
    return self[offset..<offset + count].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
  }
}
