/// Builds one protobuf message, field after field.
struct WireWriter {
  private(set) var bytes: [UInt8] = []

  mutating func integer(_ field: Int, _ value: Int) {
    key(field, wireType: 0)
    varint(UInt64(bitPattern: Int64(value)))
  }

  mutating func float(_ field: Int, _ value: Float) {
    key(field, wireType: 5)
    for shift in stride(from: 0, to: 32, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(shift)))
    }
  }

  mutating func text(_ field: Int, _ value: String) { message(field, Array(value.utf8)) }

  /// Leaves an empty text out, as the absent field means the same.
  mutating func textUnlessEmpty(_ field: Int, _ value: String) {
    if !value.isEmpty { text(field, value) }
  }

  mutating func message(_ field: Int, _ content: [UInt8]) {
    announce(field, byteCount: content.count)
    bytes += content
  }

  mutating func message(_ field: Int, _ content: WireWriter) { message(field, content.bytes) }

  /// The start of a field whose `byteCount` bytes follow.
  mutating func announce(_ field: Int, byteCount: Int) {
    key(field, wireType: 2)
    varint(UInt64(byteCount))
  }

  private mutating func key(_ field: Int, wireType: UInt64) { varint(UInt64(field) << 3 | wireType) }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
