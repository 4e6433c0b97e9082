/// One directory entry before its local header is looked at.
struct ZipEntry {
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
