import MomosModel

/// A copy of the small part of an ONNX file, and notes on where the data of its tensors lie.
///
/// The C parser sees only the copy: known fields, of which no message contains itself, at most
/// `maximumByteCount` bytes and `maximumMessageCount` messages. Whatever the file nests elsewhere is skipped
/// without being looked at.
struct ONNXScan {
  /// Largest copy: nodes, names, attributes and shapes.
  static let maximumByteCount = 64 << 20
  static let maximumMessageCount = 1 << 20
  /// Most fields that hold data of tensors; a field of unpacked values counts for each value.
  static let maximumDataFieldCount = 1 << 22

  /// The data fields of one tensor, in the order of the file.
  struct DataNote {
    struct Field {
      let number: Int
      let range: Range<Int>
    }
    var fields: [Field] = []
  }

  /// A message of `spec/onnx.proto`.
  private(set) var copy: [UInt8] = []
  private(set) var notes: [DataNote] = []
  private var messageCount = 0
  private var dataFieldCount = 0
  private var byteCount = 0

  init(_ file: Bytes) throws(InterchangeError) {
    copy = try message(.model, 0..<file.count, in: file.span(of: UInt8.self))
  }

  /// The copy of the message at `range`.
  private mutating func message(
    _ message: ONNXMessage, _ range: Range<Int>, in file: Span<UInt8>
  ) throws(InterchangeError) -> [UInt8] {
    messageCount += 1
    guard messageCount <= Self.maximumMessageCount else {
      throw Self.tooLarge("\(Self.maximumMessageCount) nodes, attributes, tensors and values")
    }
    var copy: [UInt8] = []
    var note = DataNote()
    var seen: Set<Int> = []
    var reader = WireReader(range)
    while let entry = try reader.next(in: file) {
      guard let field = message.fields[entry.number] else { continue }
      if case .message = field, !seen.insert(entry.number).inserted {
        throw WireReader.malformed(entry.offset, expected: "field \(entry.number) once", found: "another")
      }
      if case .data = field {
        note.fields.append(DataNote.Field(number: entry.number, range: entry.value))
        dataFieldCount += 1
        guard dataFieldCount <= Self.maximumDataFieldCount else {
          throw Self.tooLarge("\(Self.maximumDataFieldCount) unpacked values of tensors")
        }
      } else {
        try append(field, entry, to: &copy, in: file)
      }
    }
    if !note.fields.isEmpty {
      copy.append(varint: UInt64(ONNXMessage.dataField) << 3)
      copy.append(varint: UInt64(notes.count))
      notes.append(note)
    }
    return copy
  }

  private mutating func append(
    _ field: ONNXMessage.Field, _ entry: WireReader.Entry, to copy: inout [UInt8], in file: Span<UInt8>
  ) throws(InterchangeError) {
    try Self.requireKind(of: field, entry)
    byteCount += 16
    copy.append(varint: UInt64(entry.number) << 3 | entry.kind.rawValue)
    switch field {
    case .message(let inner), .messages(let inner):
      let content = try message(inner, entry.value, in: file)
      copy.append(varint: UInt64(content.count))
      copy += content
    case .presence: copy.append(0)
    case .integer, .float, .text, .data:
      byteCount += entry.value.count
      guard byteCount <= Self.maximumByteCount else {
        throw Self.tooLarge("\(Self.maximumByteCount) bytes beside the data of tensors")
      }
      if entry.kind == .bytes { copy.append(varint: UInt64(entry.value.count)) }
      for position in entry.value { copy.append(file[position]) }
    }
  }

  private static func requireKind(of field: ONNXMessage.Field, _ entry: WireReader.Entry)
    throws(InterchangeError)
  {
    let expected: [WireReader.Kind] =
      switch field {
      case .integer: [.varint, .bytes]
      case .float: [.fixed32, .bytes]
      case .text, .presence, .message, .messages: [.bytes]
      case .data: [.varint, .fixed32, .fixed64, .bytes]
      }
    guard !expected.contains(entry.kind) else { return }
    throw WireReader.malformed(
      entry.offset, expected: "field \(entry.number) as \(expected[0])", found: "it as \(entry.kind)")
  }

  private static func tooLarge(_ most: String) -> InterchangeError {
    InterchangeError(.onnxTooLarge, expected: "at most \(most)", found: "more")
  }
}

extension [UInt8] {
  /// Appends an integer as protobuf writes it.
  fileprivate mutating func append(varint value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(rest))
  }
}
