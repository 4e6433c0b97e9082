/// The records at the end of an archive, which say where its directory is.
struct ZipEnd {
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
