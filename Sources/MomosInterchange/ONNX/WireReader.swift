/// Reads the fields of one protobuf message from the bytes of a file.
///
///     field:   tag, a varint: field number * 8 + wire type; then, by wire type:
///        0     a varint: 7 bits a byte, least significant first, the top bit says that another byte follows
///        1     8 bytes
///        2     a varint, and that many bytes
///        5     4 bytes
///
/// Groups (wire types 3 and 4) are refused.
struct WireReader {
  /// How the value of a field is written.
  enum Kind: UInt64 {
    case varint = 0
    case fixed64 = 1
    case bytes = 2
    case fixed32 = 5
  }

  /// A field of the message.
  struct Entry {
    let number: Int
    let kind: Kind
    /// Where the field starts, for messages of errors.
    let offset: Int
    /// The bytes of the value, without the byte count in front of kind `bytes`.
    let value: Range<Int>
  }

  /// Of the next field.
  private(set) var position: Int
  private let end: Int

  /// - Parameter range: of the message; inside the file.
  init(_ range: Range<Int>) {
    position = range.lowerBound
    end = range.upperBound
  }

  /// The next field, or nil at the end.
  mutating func next(in file: Span<UInt8>) throws(InterchangeError) -> Entry? {
    guard position < end else { return nil }
    let offset = position
    let tag = try varint(in: file)
    guard tag >> 3 >= 1, tag >> 3 <= 536_870_911, let kind = Kind(rawValue: tag & 7) else {
      throw Self.malformed(
        offset, expected: "a field of number 1 to 536870911 and wire type 0, 1, 2 or 5",
        found: "number \(tag >> 3) and wire type \(tag & 7)")
    }
    let start: Int
    let byteCount: UInt64
    switch kind {
    case .varint:
      start = position
      _ = try varint(in: file)
      byteCount = UInt64(position - start)
    case .fixed64: (start, byteCount) = (position, 8)
    case .fixed32: (start, byteCount) = (position, 4)
    case .bytes:
      byteCount = try varint(in: file)
      start = position
    }
    guard byteCount <= UInt64(end - start) else {
      throw Self.malformed(
        offset, expected: "a field that ends by byte \(end)",
        found: "one of \(byteCount) bytes from byte \(start)")
    }
    position = start + Int(byteCount)
    return Entry(number: Int(tag >> 3), kind: kind, offset: offset, value: start..<position)
  }

  /// The next integer of at most 64 bits.
  mutating func varint(in file: Span<UInt8>) throws(InterchangeError) -> UInt64 {
    let start = position
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 70, by: 7) {
      guard position < end else {
        throw Self.malformed(start, expected: "an integer that ends by byte \(end)", found: "its beginning")
      }
      let byte = file[position]
      position += 1
      value |= UInt64(byte & 0x7F) << UInt64(shift)
      if byte < 0x80 {
        guard shift < 63 || byte <= 1 else { break }
        return value
      }
    }
    throw Self.malformed(start, expected: "an integer of at most 64 bits", found: "a longer one")
  }

  /// Whether there is another value.
  var isAtEnd: Bool { position >= end }

  static func malformed(_ offset: Int, expected: String, found: String) -> InterchangeError {
    InterchangeError(.protobufSyntax, place: "byte \(offset)", expected: expected, found: found)
  }
}
