/// How the stored bytes of a section become its raw bytes. Raw values are those of the spec.
public enum Codec: Int, Sendable, Hashable {
  case stored = 0
  case zstd = 1
  case bytePlanesZstd = 2
}

/// A byte range of the file, checked against the S rules of the `open` door.
///
/// A class, like `DictionaryEntry`, so that the many entries that refer to it stay small: opening a file must not
/// take more memory than its header allows (spec section 2).
public final class SectionEntry: Sendable {
  /// Position in the section table, from 1.
  public let number: Int
  public let offset: Int
  public let storedByteCount: Int
  public let rawByteCount: Int
  public let codec: Codec
  /// Bytes per element with `bytePlanesZstd`, else 0.
  public let planeCount: Int
  /// XXH3-64 of the stored bytes.
  public let digest: UInt64

  init(
    number: Int, offset: Int, storedByteCount: Int, rawByteCount: Int, codec: Codec, planeCount: Int,
    digest: UInt64
  ) {
    self.number = number
    self.offset = offset
    self.storedByteCount = storedByteCount
    self.rawByteCount = rawByteCount
    self.codec = codec
    self.planeCount = planeCount
    self.digest = digest
  }

  /// Where the stored bytes end.
  var end: Int { offset + storedByteCount }

  var place: String { "section \(number)" }
}

/// The sections of a file, in order and without holes (spec section 4).
struct SectionTable {
  private(set) var entries: [SectionEntry] = []

  /// Checks H-03 and S-01 to S-05.
  init(_ records: [SectionRecord], headerOffset: Int) throws(FormatError) {
    entries.reserveCapacity(records.count)
    var offset = FormatLimits.preambleByteCount
    for (position, record) in records.enumerated() {
      let entry = try Self.entry(record, number: position + 1, offset: offset, headerOffset: headerOffset)
      // Cannot be nil: the end is at most the header's offset.
      offset = FormatLimits.aligned(entry.end) ?? headerOffset
      entries.append(entry)
    }
    guard offset == headerOffset else {
      throw FormatError(
        .s01, at: "header", expected: "offset \(offset), where the sections end", found: "\(headerOffset)")
    }
  }

  private static func entry(
    _ record: SectionRecord, number: Int, offset: Int, headerOffset: Int
  ) throws(FormatError) -> SectionEntry {
    let place = "section \(number)"
    guard let codec = Codec(rawValue: Int(record.codec ?? 0)) else {
      throw FormatError(.h03, at: place, expected: "a known codec", found: "\(record.codec ?? 0)")
    }
    guard record.offset == UInt64(offset) else {
      throw FormatError(
        .s01, at: place, expected: "offset \(offset)", found: record.offset.map(String.init) ?? "none")
    }
    let stored = record.storedByteCount ?? 0
    let raw = record.rawByteCount ?? 0
    guard stored <= UInt64(headerOffset - min(offset, headerOffset)) else {
      throw FormatError(
        .s01, at: place, expected: "an end at or before the header's offset \(headerOffset)",
        found: "\(stored) bytes at offset \(offset)")
    }
    try checkCounts(stored: stored, raw: raw, codec: codec, place: place)
    let planeCount = record.planeCount ?? 0
    let allowed: [UInt32] = codec == .bytePlanesZstd ? [2, 4, 8] : [0]
    guard allowed.contains(planeCount), planeCount == 0 || raw % UInt64(planeCount) == 0 else {
      throw FormatError(
        .s04, at: place,
        expected: codec == .bytePlanesZstd ? "2, 4 or 8 planes that divide \(raw) bytes" : "no planes",
        found: "\(planeCount)")
    }
    return SectionEntry(
      number: number, offset: offset, storedByteCount: Int(stored), rawByteCount: Int(raw), codec: codec,
      planeCount: Int(planeCount), digest: record.digest ?? 0)
  }

  /// S-02, S-03 and S-05. `stored` is no larger than the file.
  private static func checkCounts(
    stored: UInt64, raw: UInt64, codec: Codec, place: String
  ) throws(FormatError) {
    guard stored > 0, raw > 0 else {
      throw FormatError(
        .s02, at: place, expected: "at least one stored and one raw byte",
        found: "\(stored) stored and \(raw) raw bytes")
    }
    guard codec != .stored || stored == raw else {
      throw FormatError(
        .s03, at: place, expected: "equal counts with codec STORED",
        found: "\(stored) stored and \(raw) raw bytes")
    }
    let (limit, overflow) = stored.multipliedReportingOverflow(by: UInt64(FormatLimits.maximumExpansion))
    guard !overflow, raw <= limit else {
      throw FormatError(
        .s05, at: place, expected: "at most \(FormatLimits.maximumExpansion) raw bytes a stored byte",
        found: "\(raw) raw bytes of \(stored) stored ones")
    }
  }
}
