import MomosModel

@testable import MomosFormat

/// A file taken apart, so that a test can change any field or section and put it together again with digests
/// that agree: what is wrong with the result is only what the test did.
struct ForgedFile {
  var header: HeaderRecord
  /// The stored bytes of each section.
  var payloads: [[UInt8]]
  /// Sections whose following padding is filled with ones instead of zeros.
  var dirtyPadding: Set<Int> = []
  /// Appended to the encoded header, inside its digest.
  var headerSuffix: [UInt8] = []

  /// Takes a valid file apart.
  init(_ bytes: [UInt8]) throws {
    let file = try Bytes(copying: bytes)
    let preamble = try Preamble(reading: file)
    let start = preamble.headerOffset
    header = try HeaderDecoding.records(parsing: file[start..<start + preamble.headerByteCount])
    payloads = header.sections.map { section in
      let offset = Int(section.offset ?? 0)
      return Array(bytes[offset..<offset + Int(section.storedByteCount ?? 0)])
    }
  }

  /// Replaces the raw bytes of a section, stored uncompressed; numbers count from 1.
  mutating func replace(section number: UInt32?, with bytes: [UInt8]) {
    let position = Int(number ?? 0) - 1
    payloads[position] = bytes
    header.sections[position].storedByteCount = UInt64(bytes.count)
    header.sections[position].rawByteCount = UInt64(bytes.count)
    refresh()
  }

  /// Adds a section and returns its number.
  mutating func addSection(_ bytes: [UInt8]) -> UInt32 {
    payloads.append(bytes)
    header.sections.append(
      SectionRecord(storedByteCount: UInt64(bytes.count), rawByteCount: UInt64(bytes.count)))
    refresh()
    return UInt32(payloads.count)
  }

  /// Makes offsets, stored byte counts and digests agree with the payloads.
  mutating func refresh() {
    var offset = 64
    for (position, payload) in payloads.enumerated() {
      header.sections[position].offset = UInt64(offset)
      header.sections[position].storedByteCount = UInt64(payload.count)
      header.sections[position].digest = (try? Bytes(copying: payload)).map { xxh3($0) }
      offset = (offset + payload.count + 63) / 64 * 64
    }
  }

  /// The file, with digests of header and preamble that agree.
  func bytes() throws -> [UInt8] {
    var file = [UInt8](repeating: 0, count: 64)
    for (position, payload) in payloads.enumerated() {
      file += payload
      let padding = (64 - file.count % 64) % 64
      file += [UInt8](repeating: dirtyPadding.contains(position) ? 1 : 0, count: padding)
    }
    let encoded = try HeaderEncoding.bytes(of: header) + headerSuffix
    let preamble = Preamble(
      headerOffset: file.count, headerByteCount: encoded.count,
      headerDigest: xxh3(try Bytes(copying: encoded)))
    file.replaceSubrange(0..<64, with: try preamble.encoded())
    return file + encoded
  }
}

extension MomosReader {
  /// Opens bytes in memory.
  convenience init(_ bytes: [UInt8]) throws {
    try self.init(bytes: try Bytes(copying: bytes))
  }
}

/// The little-endian bytes of integers or floating-point numbers.
func littleEndian<Value: BitwiseCopyable>(_ values: [Value]) throws -> [UInt8] {
  try Bytes(copying: values).array(of: UInt8.self)
}
