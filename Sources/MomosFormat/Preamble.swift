// OFFSET  SIZE  FIELD
//      0     8  magic: 93 4D 4F 4D 4F 53 0D 0A
//      8     2  format major version
//     10     2  format minor version
//     12     4  byte-order mark: 04 03 02 01
//     16     8  byte count of the whole file
//     24     8  offset of the header
//     32     8  byte count of the header
//     40     8  XXH3-64 of the header's bytes
//     48     8  reserved, zero
//     56     8  XXH3-64 of bytes 0 to 55
import MomosModel

/// The first 64 bytes of a file (spec section 3).
struct Preamble: Hashable {
  static let magic: [UInt8] = [0x93, 0x4D, 0x4F, 0x4D, 0x4F, 0x53, 0x0D, 0x0A]
  static let byteOrderMark: UInt32 = 0x0102_0304
  private static let place = "preamble"

  /// Of the format; what it adds to earlier ones is named in `required_features` where a reader must know it.
  let minorVersion: UInt16
  let fileByteCount: Int
  let headerOffset: Int
  let headerByteCount: Int
  let headerDigest: UInt64

  /// The preamble of a file whose header is the last thing in it.
  init(headerOffset: Int, headerByteCount: Int, headerDigest: UInt64) {
    self.minorVersion = FormatLimits.minorVersion
    self.fileByteCount = headerOffset + headerByteCount
    self.headerOffset = headerOffset
    self.headerByteCount = headerByteCount
    self.headerDigest = headerDigest
  }

  /// Checks F-01 to F-09, in this order.
  init(reading file: Bytes) throws(FormatError) {
    guard file.count >= FormatLimits.preambleByteCount else {
      throw FormatError(.f01, at: "file", expected: "at least 64 bytes", found: "\(file.count)")
    }
    let bytes = file[0..<FormatLimits.preambleByteCount].array(of: UInt8.self)
    try Self.checkIdentity(bytes)
    minorVersion = UInt16(truncatingIfNeeded: Self.integer(bytes, at: 10, byteCount: 2))
    let stated = Self.integer(bytes, at: 16, byteCount: 8)
    guard stated == UInt64(file.count) else {
      throw FormatError(
        .f07, at: Self.place, expected: "a file of \(stated) bytes", found: "\(file.count) bytes")
    }
    let length = Self.integer(bytes, at: 32, byteCount: 8)
    guard (1...UInt64(FormatLimits.maximumHeaderByteCount)).contains(length) else {
      throw FormatError(
        .f08, at: Self.place, expected: "a header of 1 to \(FormatLimits.maximumHeaderByteCount) bytes",
        found: "\(length) bytes")
    }
    let offset = Self.integer(bytes, at: 24, byteCount: 8)
    let (end, overflow) = offset.addingReportingOverflow(length)
    guard !overflow, end == stated, offset >= 64, offset % 64 == 0 else {
      throw FormatError(
        .f09, at: Self.place,
        expected: "a header at a multiple of 64 from 64 on that ends where the file of \(stated) bytes ends",
        found: "offset \(offset) with \(length) bytes")
    }
    self.fileByteCount = Int(stated)
    self.headerOffset = Int(offset)
    self.headerByteCount = Int(length)
    self.headerDigest = Self.integer(bytes, at: 40, byteCount: 8)
  }

  /// F-02 to F-06.
  private static func checkIdentity(_ bytes: [UInt8]) throws(FormatError) {
    guard Array(bytes[0..<8]) == magic else {
      throw FormatError(
        .f02, at: place, expected: "the magic \(hexadecimal(magic)) of a .momos file",
        found: hexadecimal(Array(bytes[0..<8])))
    }
    let major = integer(bytes, at: 8, byteCount: 2)
    let minor = integer(bytes, at: 10, byteCount: 2)
    guard major == FormatLimits.majorVersion else {
      throw FormatError(
        .f03, at: place, expected: "version \(FormatLimits.majorVersion).x", found: "\(major).\(minor)")
    }
    guard integer(bytes, at: 12, byteCount: 4) == UInt64(byteOrderMark) else {
      throw FormatError(
        .f04, at: place, expected: "the byte-order mark 04 03 02 01",
        found: hexadecimal(Array(bytes[12..<16])))
    }
    let digest = xxh3(try heapBytes(Array(bytes[0..<56])))
    let stated = integer(bytes, at: 56, byteCount: 8)
    guard digest == stated else {
      throw FormatError(
        .f05, at: place, expected: "digest \(hexadecimal(stated))", found: hexadecimal(digest))
    }
    guard integer(bytes, at: 48, byteCount: 8) == 0 else {
      throw FormatError(
        .f06, at: place, expected: "reserved bytes of zero", found: hexadecimal(Array(bytes[48..<56])))
    }
  }

  /// The 64 bytes.
  func encoded() throws(FormatError) -> [UInt8] {
    var bytes = Self.magic
    Self.append(UInt64(FormatLimits.majorVersion), byteCount: 2, to: &bytes)
    Self.append(UInt64(minorVersion), byteCount: 2, to: &bytes)
    Self.append(UInt64(Self.byteOrderMark), byteCount: 4, to: &bytes)
    Self.append(UInt64(fileByteCount), byteCount: 8, to: &bytes)
    Self.append(UInt64(headerOffset), byteCount: 8, to: &bytes)
    Self.append(UInt64(headerByteCount), byteCount: 8, to: &bytes)
    Self.append(headerDigest, byteCount: 8, to: &bytes)
    Self.append(0, byteCount: 8, to: &bytes)
    Self.append(xxh3(try heapBytes(bytes)), byteCount: 8, to: &bytes)
    return bytes
  }

  private static func integer(_ bytes: [UInt8], at offset: Int, byteCount: Int) -> UInt64 {
    var value: UInt64 = 0
    for position in (0..<byteCount).reversed() { value = value << 8 | UInt64(bytes[offset + position]) }
    return value
  }

  private static func append(_ value: UInt64, byteCount: Int, to bytes: inout [UInt8]) {
    for position in 0..<byteCount {
      bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * position)))
    }
  }
}

/// Two digits a byte, separated by spaces.
func hexadecimal(_ bytes: [UInt8]) -> String {
  bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined(separator: " ")
}

/// A digest as 16 digits.
func hexadecimal(_ digest: UInt64) -> String {
  let digits = String(digest, radix: 16, uppercase: true)
  return String(repeating: "0", count: 16 - digits.count) + digits
}

/// A copy of `elements` on the heap.
func heapBytes<Element: BitwiseCopyable>(_ elements: [Element]) throws(FormatError) -> Bytes {
  do {
    return try Bytes(copying: elements)
  } catch {
    throw FormatError(error, at: "memory")
  }
}
