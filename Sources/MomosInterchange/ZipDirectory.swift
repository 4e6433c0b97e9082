import MomosModel

// The records of a zip archive that are read here, integers little-endian, from PKWARE's APPNOTE.TXT 6.3.10:
//
//   OFFSET  SIZE  FIELD of a directory entry         OFFSET  SIZE  FIELD of the end record
//        0     4  signature 50 4B 01 02                   0     4  signature 50 4B 05 06
//        8     2  flags; bits 0, 6, 13: encrypted         4     2  number of this disk, 0
//       10     2  method, 0 stored, 8 deflated            6     2  disk of the directory, 0
//       16     4  CRC-32 of the content                   8     2  entries on this disk
//       20     4  compressed byte count                  10     2  entries
//       24     4  content byte count                     12     4  directory byte count
//       28     2  name byte count N                      16     4  directory offset
//       30     2  extra byte count E                     20     2  comment byte count, up to the file's end
//       32     2  comment byte count C
//       34     2  disk of the member, 0              OFFSET  SIZE  FIELD of the zip64 end record
//       42     4  offset of the local header              0     4  signature 50 4B 06 06
//       46 N+E+C  name, extra fields, comment             4     8  byte count of what follows
//                                                        16     4  number of this disk, 0
//   OFFSET  SIZE  FIELD of a local header                20     4  disk of the directory, 0
//        0     4  signature 50 4B 03 04                  24     8  entries on this disk
//        8     2  method                                 32     8  entries
//       26     2  name byte count N                      40     8  directory byte count
//       28     2  extra byte count E                     48     8  directory offset
//       30   N+E  name, extra fields; then the data
//                                                    OFFSET  SIZE  FIELD of the zip64 locator
//   The extra field with id 1 has 8-byte values for       0     4  signature 50 4B 06 07
//   those of content byte count, compressed byte          8     8  offset of the zip64 end record
//   count and offset that are FF FF FF FF.               16     4  disks, 0 or 1
//
// In front of the end record stands the zip64 locator, if there is one, in front of that the zip64 end record,
// in front of that the directory: nothing lies between them.

/// One entry of a zip archive's directory.
struct ZipMember: Hashable {
  let name: String
  let isDeflated: Bool
  let checksum: UInt32
  /// Of the content, as the directory claims it.
  let byteCount: Int
  /// Where the stored or deflated bytes lie in the archive.
  let dataRange: Range<Int>
  /// Where the local header starts.
  let offset: Int
}

/// The directory at the end of a zip archive.
struct ZipDirectory {
  /// In the order of the directory; their names are unique and their bytes do not overlap.
  let members: [ZipMember]

  init(parsing archive: Span<UInt8>) throws(InterchangeError) {
    let end = try ZipEnd(parsing: archive)
    var members: [ZipMember] = []
    var names: Set<String> = []
    var position = end.directory.lowerBound
    while position < end.directory.upperBound {
      let entry = try ZipEntry(parsing: archive, at: position, limit: end.directory.upperBound)
      guard names.insert(entry.name).inserted else {
        throw InterchangeError(
          .zipDuplicateMember, place: "zip directory", expected: "one member of each name",
          found: "another \(InterchangeError.quoted(entry.name))")
      }
      do throws(InterchangeError) {
        members.append(try entry.member(in: archive, limit: end.directory.lowerBound))
      } catch {
        throw error.inside("member \(InterchangeError.quoted(entry.name))")
      }
      position = entry.end
    }
    guard members.count == end.entryCount else {
      throw InterchangeError(
        .zipDirectory, place: "zip directory", expected: "\(end.entryCount) entries",
        found: "\(members.count)")
    }
    try Self.requireNoOverlap(members)
    self.members = members
  }

  /// Members that share bytes would let a small archive expand to any size.
  private static func requireNoOverlap(_ members: [ZipMember]) throws(InterchangeError) {
    let sorted = members.sorted { $0.offset < $1.offset }
    for (first, second) in zip(sorted, sorted.dropFirst()) where second.offset < first.dataRange.upperBound {
      throw InterchangeError(
        .zipOverlap, place: "member \(InterchangeError.quoted(second.name))",
        expected: "a start at \(first.dataRange.upperBound) or later", found: "\(second.offset)")
    }
  }
}

/// The records at the end of an archive, which say where its directory is.
private struct ZipEnd {
  static let byteCount = 22
  static let zip64ByteCount = 56
  static let locatorByteCount = 20

  let directory: Range<Int>
  let entryCount: UInt64

  init(parsing archive: Span<UInt8>) throws(InterchangeError) {
    let end = try Self.offset(in: archive)
    let locator = end - Self.locatorByteCount
    guard locator >= 0, archive.contains([0x50, 0x4B, 6, 7], at: locator) else {
      // Both disk numbers, of two bytes each.
      try Self.requireOneDisk([archive.littleEndian(UInt32.self, at: end + 4)])
      entryCount = UInt64(archive.littleEndian(UInt16.self, at: end + 10))
      directory = try Self.directory(
        offset: UInt64(archive.littleEndian(UInt32.self, at: end + 16)),
        byteCount: UInt64(archive.littleEndian(UInt32.self, at: end + 12)), end: end)
      return
    }
    let record = archive.littleEndian(UInt64.self, at: locator + 8)
    guard locator >= Self.zip64ByteCount, record <= UInt64(locator - Self.zip64ByteCount),
      archive.contains([0x50, 0x4B, 6, 6], at: Int(record)),
      archive.littleEndian(UInt64.self, at: Int(record) + 4) == UInt64(locator - Int(record) - 12)
    else {
      throw InterchangeError(
        .zipEndRecord, place: "zip64 locator", expected: "the zip64 end record in front of it",
        found: "the offset \(record)")
    }
    let start = Int(record)
    try Self.requireOneDisk([
      archive.littleEndian(UInt32.self, at: start + 16), archive.littleEndian(UInt32.self, at: start + 20),
    ])
    entryCount = archive.littleEndian(UInt64.self, at: start + 32)
    directory = try Self.directory(
      offset: archive.littleEndian(UInt64.self, at: start + 48),
      byteCount: archive.littleEndian(UInt64.self, at: start + 40), end: start)
  }

  /// Where the end record starts: the last one whose comment ends with the file.
  private static func offset(in archive: Span<UInt8>) throws(InterchangeError) -> Int {
    var offset = archive.count - byteCount
    let first = max(0, offset - Int(UInt16.max))
    while offset >= first {
      if archive.contains([0x50, 0x4B, 5, 6], at: offset),
        Int(archive.littleEndian(UInt16.self, at: offset + 20)) == archive.count - offset - byteCount
      {
        return offset
      }
      offset -= 1
    }
    throw InterchangeError(
      .zipEndRecord, place: "end of the file", expected: "the end record of a zip archive",
      found: "none, the file may be cut off")
  }

  private static func requireOneDisk(_ disks: [UInt32]) throws(InterchangeError) {
    guard disks.allSatisfy({ $0 == 0 }) else {
      throw InterchangeError(
        .zipSeveralDisks, place: "zip end record", expected: "an archive of one file", found: "several")
    }
  }

  /// The directory must reach exactly to the record after it.
  private static func directory(
    offset: UInt64, byteCount: UInt64, end: Int
  ) throws(InterchangeError) -> Range<Int> {
    let (sum, overflow) = offset.addingReportingOverflow(byteCount)
    guard !overflow, sum == UInt64(end) else {
      throw InterchangeError(
        .zipEndRecord, place: "zip end record", expected: "a directory that ends at \(end)",
        found: "one of \(byteCount) bytes at \(offset)")
    }
    return Int(offset)..<end
  }
}

/// One directory entry before its local header is looked at.
private struct ZipEntry {
  static let byteCount = 46
  static let localByteCount = 30

  let nameBytes: [UInt8]
  let name: String
  let method: UInt16
  let checksum: UInt32
  private(set) var compressedByteCount: UInt64
  private(set) var contentByteCount: UInt64
  private(set) var offset: UInt64
  /// Where the next entry starts.
  let end: Int

  init(parsing archive: Span<UInt8>, at start: Int, limit: Int) throws(InterchangeError) {
    guard limit - start >= Self.byteCount, archive.contains([0x50, 0x4B, 1, 2], at: start) else {
      throw Self.malformed(start, expected: "a directory entry", found: "other bytes")
    }
    let nameEnd = start + Self.byteCount + Int(archive.littleEndian(UInt16.self, at: start + 28))
    let extraEnd = nameEnd + Int(archive.littleEndian(UInt16.self, at: start + 30))
    end = extraEnd + Int(archive.littleEndian(UInt16.self, at: start + 32))
    guard end <= limit else {
      throw Self.malformed(
        start, expected: "an entry that ends by \(limit)", found: "one that ends at \(end)")
    }
    nameBytes = archive.array(start + Self.byteCount..<nameEnd)
    name = try Self.memberName(nameBytes, at: start)
    method = archive.littleEndian(UInt16.self, at: start + 10)
    checksum = archive.littleEndian(UInt32.self, at: start + 16)
    compressedByteCount = UInt64(archive.littleEndian(UInt32.self, at: start + 20))
    contentByteCount = UInt64(archive.littleEndian(UInt32.self, at: start + 24))
    offset = UInt64(archive.littleEndian(UInt32.self, at: start + 42))
    try Self.requirePlain(
      flags: archive.littleEndian(UInt16.self, at: start + 8), method: method,
      disk: archive.littleEndian(UInt16.self, at: start + 34), name: name)
    try replaceSaturated(from: archive, nameEnd..<extraEnd, entry: start)
  }

  private static func malformed(_ start: Int, expected: String, found: String) -> InterchangeError {
    InterchangeError(.zipDirectory, place: "zip directory at byte \(start)", expected: expected, found: found)
  }

  /// Names are read as UTF-8 whether or not the entry says that they are.
  private static func memberName(_ bytes: [UInt8], at start: Int) throws(InterchangeError) -> String {
    guard let name = String(validating: bytes, as: UTF8.self) else {
      throw InterchangeError(
        .zipMemberName, place: "zip directory at byte \(start)", expected: "a member name in UTF-8",
        found: InterchangeError.quoted(String(decoding: bytes, as: UTF8.self)))
    }
    return name
  }

  private static func requirePlain(
    flags: UInt16, method: UInt16, disk: UInt16, name: String
  ) throws(InterchangeError) {
    let place = "member \(InterchangeError.quoted(name))"
    guard flags & 0x2041 == 0 else {
      throw InterchangeError(
        .zipEncrypted, place: place, expected: "a member that is not encrypted", found: "an encrypted one")
    }
    guard method == 0 || method == 8 else {
      throw InterchangeError(
        .zipMethod, place: place, expected: "a stored (0) or deflated (8) member", found: "method \(method)")
    }
    guard disk == 0 || disk == .max else {
      throw InterchangeError(.zipSeveralDisks, place: place, expected: "disk 0", found: "disk \(disk)")
    }
  }

  /// Takes the values that do not fit into 32 bits from the zip64 extra field.
  private mutating func replaceSaturated(
    from archive: Span<UInt8>, _ extra: Range<Int>, entry: Int
  ) throws(InterchangeError) {
    let saturated = UInt64(UInt32.max)
    guard [compressedByteCount, contentByteCount, offset].contains(saturated) else { return }
    var field = extra.lowerBound
    while extra.upperBound - field >= 4 {
      let fieldEnd = field + 4 + Int(archive.littleEndian(UInt16.self, at: field + 2))
      guard fieldEnd <= extra.upperBound else { break }
      if archive.littleEndian(UInt16.self, at: field) == 1 {
        var position = field + 4
        func next(_ value: UInt64) -> UInt64? {
          guard value == saturated else { return value }
          guard fieldEnd - position >= 8 else { return nil }
          defer { position += 8 }
          return archive.littleEndian(UInt64.self, at: position)
        }
        guard let content = next(contentByteCount), let compressed = next(compressedByteCount),
          let start = next(offset)
        else { break }
        (contentByteCount, compressedByteCount, offset) = (content, compressed, start)
        return
      }
      field = fieldEnd
    }
    throw Self.malformed(entry, expected: "a zip64 extra field with the large sizes", found: "none")
  }

  /// Checks the sizes and the local header.
  /// - Parameter limit: where the directory starts, which the data must not reach.
  func member(in archive: Span<UInt8>, limit: Int) throws(InterchangeError) -> ZipMember {
    guard limit >= Self.localByteCount, offset <= UInt64(limit - Self.localByteCount),
      archive.contains([0x50, 0x4B, 3, 4], at: Int(offset)),
      archive.littleEndian(UInt16.self, at: Int(offset) + 8) == method,
      Int(archive.littleEndian(UInt16.self, at: Int(offset) + 26)) == nameBytes.count,
      archive.contains(nameBytes, at: Int(offset) + Self.localByteCount)
    else {
      throw InterchangeError(
        .zipLocalHeader, expected: "a local header of the same name and method at byte \(offset)",
        found: "other bytes")
    }
    let extraByteCount = Int(archive.littleEndian(UInt16.self, at: Int(offset) + 28))
    let dataStart = Int(offset) + Self.localByteCount + nameBytes.count + extraByteCount
    guard dataStart <= limit, compressedByteCount <= UInt64(limit - dataStart) else {
      throw InterchangeError(
        .zipDirectory, expected: "data that end before the directory at byte \(limit)",
        found: "\(compressedByteCount) bytes at byte \(dataStart)")
    }
    try requirePossibleSize()
    return ZipMember(
      name: name, isDeflated: method == 8, checksum: checksum, byteCount: Int(contentByteCount),
      dataRange: dataStart..<dataStart + Int(compressedByteCount), offset: Int(offset))
  }

  /// Before anything is allocated for the content: it cannot be longer than its bytes can expand to.
  private func requirePossibleSize() throws(InterchangeError) {
    if method == 0 {
      guard contentByteCount != compressedByteCount else { return }
      throw InterchangeError(
        .zipMemberSize, expected: "\(compressedByteCount) bytes of stored content",
        found: "\(contentByteCount)")
    }
    // The data lie inside the file, so the product is far from overflow.
    let most = compressedByteCount * Inflation.maximumRatio
    guard contentByteCount <= most else {
      throw InterchangeError(
        .zipRatio, expected: "at most \(most) bytes from \(compressedByteCount) deflated",
        found: "\(contentByteCount)")
    }
  }
}
