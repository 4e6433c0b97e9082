import MomosModel

// The start of an .npy file:
//
//   OFFSET  SIZE  FIELD
//        0     6  signature, 93 4E 55 4D 50 59
//        6     1  major version, 1, 2 or 3
//        7     1  minor version, 0
//        8     2  header byte count H, little-endian; 4 bytes in versions 2 and 3
//       10     H  header, a Python dictionary literal, then spaces and a line end; at 12 in versions 2 and 3
//   10 + H        data, until the end of the file
//
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

/// What stands before the data of an .npy file.
struct NPYHeader: Hashable {
  static let signature: [UInt8] = [0x93] + Array("NUMPY".utf8)
  /// Longest header; one that numpy writes for a plain array has 118 bytes.
  static let maximumByteCount = 64 * 1024
  /// Enough of a file to parse any header in it.
  static let maximumPrefixByteCount = 12 + maximumByteCount

  let elementType: ElementType
  let isBigEndian: Bool
  let isFortranOrder: Bool
  let shape: Shape
  /// Where the data start.
  let dataOffset: Int

  var dataByteCount: Int { shape.elementCount * elementType.byteCount }

  /// - Parameter prefix: the file from its start, as far as it is at hand.
  init(parsing prefix: Span<UInt8>) throws(InterchangeError) {
    let range = try Self.literalRange(in: prefix)
    do {
      let literal = try NPYHeaderLiteral(parsing: prefix.array(range))
      let (elementType, isBigEndian) = try Self.elementType(descriptor: literal.descriptor)
      self.elementType = elementType
      self.isBigEndian = isBigEndian
      self.shape = try InterchangeError.translating { () throws(ModelError) in try Shape(literal.dimensions) }
      self.isFortranOrder = literal.isFortranOrder
      self.dataOffset = range.upperBound
    } catch {
      throw error.inside("npy header")
    }
  }

  /// Requires that a file of `byteCount` bytes ends where the data do.
  func requireFileByteCount(_ byteCount: Int) throws(InterchangeError) {
    let found = byteCount - dataOffset
    guard found != dataByteCount else { return }
    throw InterchangeError(
      found < dataByteCount ? .dataTruncated : .dataTrailing, place: "data",
      expected: "\(dataByteCount) bytes for \(elementType.name)\(shape)", found: "\(found)")
  }

  private static func literalRange(in prefix: Span<UInt8>) throws(InterchangeError) -> Range<Int> {
    guard prefix.contains(signature, at: 0) else {
      throw InterchangeError(
        .npySignature, place: "signature", expected: "the first bytes of an .npy file", found: "others")
    }
    func truncated(_ needed: Int) -> InterchangeError {
      InterchangeError(
        .npyHeaderTruncated, place: "npy header", expected: "\(needed) bytes", found: "\(prefix.count)")
    }
    guard prefix.count >= 10 else { throw truncated(10) }
    guard (1...3).contains(prefix[6]), prefix[7] == 0 else {
      throw InterchangeError(
        .npyVersion, place: "npy version", expected: "1.0, 2.0 or 3.0", found: "\(prefix[6]).\(prefix[7])")
    }
    let start = prefix[6] == 1 ? 10 : 12
    guard prefix.count >= start else { throw truncated(start) }
    let byteCount =
      start == 10
      ? Int(prefix.littleEndian(UInt16.self, at: 8)) : Int(prefix.littleEndian(UInt32.self, at: 8))
    guard byteCount <= maximumByteCount else {
      throw InterchangeError(
        .npyHeaderTooLarge, place: "npy header", expected: "at most \(maximumByteCount) bytes",
        found: "\(byteCount)")
    }
    guard prefix.count >= start + byteCount else { throw truncated(start + byteCount) }
    return start..<(start + byteCount)
  }

  /// The type that a descriptor such as "<f4" names, and whether its bytes are swapped.
  private static func elementType(descriptor: String) throws(InterchangeError) -> (ElementType, Bool) {
    guard let elementType = elementTypes[String(descriptor.dropFirst())] else {
      throw InterchangeError(
        .npyElementType, place: "descr",
        expected: "bool, i1, i2, i4, i8, u1, u2, u4, u8, f2, f4 or f8",
        found: "\(InterchangeError.quoted(descriptor))\(reasonToRefuse(descriptor))")
    }
    switch descriptor.first {
    case "<": return (elementType, false)
    case ">": return (elementType, elementType.byteCount > 1)
    case "|" where elementType.byteCount == 1: return (elementType, false)
    default:
      throw InterchangeError(
        .npyByteOrder, place: "descr", expected: "'<' or '>' before the type",
        found: InterchangeError.quoted(descriptor))
    }
  }

  private static let elementTypes: [String: ElementType] = [
    "b1": .bool, "i1": .int8, "i2": .int16, "i4": .int32, "i8": .int64, "u1": .uint8, "u2": .uint16,
    "u4": .uint32, "u8": .uint64, "f2": .float16, "f4": .float32, "f8": .float64,
  ]

  private static func reasonToRefuse(_ descriptor: String) -> String {
    switch descriptor.dropFirst().first {
    case "O": " (Python objects, which are never unpickled)"
    case "S", "a", "U": " (text)"
    case "c": " (complex numbers)"
    case "M", "m": " (dates and times)"
    case "V": " (untyped bytes; bfloat16 data can be read as NAME=FILE:bf16[ROWS,COLUMNS])"
    default: ""
    }
  }
}

extension NPYHeader {
  /// The bytes before the data of `shape` in C order, little-endian: version 1.0, padded with spaces so that
  /// the data start at a multiple of 64.
  ///
  /// Version 1.0 is always enough: 16 dimensions of at most 15 digits stay far below its 65,535 bytes.
  /// - Parameter elementType: any but bf16, for which npy has no type.
  static func encoded(elementType: ElementType, shape: Shape) -> [UInt8] {
    guard let (code, _) = elementTypes.first(where: { $0.value == elementType }) else {
      preconditionFailure("npy has no type for \(elementType.name)")
    }
    let order = elementType.byteCount == 1 ? "|" : "<"
    let dimensions = shape.dimensions.map(String.init).joined(separator: ", ")
    let tuple = shape.rank == 1 ? "(\(dimensions),)" : "(\(dimensions))"
    var literal = Array("{'descr': '\(order)\(code)', 'fortran_order': False, 'shape': \(tuple), }".utf8)
    while (10 + literal.count + 1) % 64 != 0 { literal.append(UInt8(ascii: " ")) }
    literal.append(UInt8(ascii: "\n"))
    let byteCount = UInt16(literal.count)
    return signature + [1, 0, UInt8(byteCount & 0xFF), UInt8(byteCount >> 8)] + literal
  }
}
