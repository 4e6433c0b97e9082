// The start of a zstd frame (RFC 8878, section 3.1.1), as far as it is read here and not by libzstd.
// OFFSET  SIZE  FIELD
//      0     4  magic: 28 B5 2F FD
//      4     1  descriptor: bit 5 says that the window is the whole content and the next field is missing
//      5     1  window: exponent in the upper five bits, mantissa in the lower three
import CZstd
import MomosModel

/// What the beginning of a zstd frame says, read without decoding it.
struct ZstdFrame {
  private static let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]

  private let stored: Bytes
  private let head: [UInt8]

  init(_ stored: Bytes) {
    self.stored = stored
    self.head = stored[0..<min(6, stored.count)].array(of: UInt8.self)
  }

  /// Z-01 to Z-04.
  func check(against section: SectionEntry) throws(FormatError) {
    let contentSize = unsafe stored.bytes.withUnsafeBytes { buffer in
      unsafe ZSTD_getFrameContentSize(buffer.baseAddress, buffer.count)
    }
    guard head.count == 6, Array(head[0..<4]) == Self.magic, contentSize != UInt64.max - 1 else {
      throw FormatError(.z01, at: section.place, expected: "a zstd frame", found: hexadecimal(head))
    }
    guard contentSize == UInt64(section.rawByteCount) else {
      throw FormatError(
        .z02, at: section.place, expected: "a frame that states \(section.rawByteCount) bytes",
        found: contentSize == UInt64.max ? "no content size" : "\(contentSize)")
    }
    let window = windowByteCount(contentSize: contentSize)
    guard window <= FormatLimits.maximumWindowByteCount else {
      throw FormatError(
        .z03, at: section.place, expected: "a window of at most \(FormatLimits.maximumWindowByteCount) bytes",
        found: "\(window)")
    }
    let dictionary = unsafe stored.bytes.withUnsafeBytes { buffer in
      unsafe ZSTD_getDictID_fromFrame(buffer.baseAddress, buffer.count)
    }
    guard dictionary == 0 else {
      throw FormatError(.z03, at: section.place, expected: "no zstd dictionary", found: "\(dictionary)")
    }
    try checkEnd(section)
  }

  /// The memory that a streaming decoder needs; libzstd's stable interface does not tell.
  private func windowByteCount(contentSize: UInt64) -> UInt64 {
    if head[4] & 0x20 != 0 { return contentSize }
    let base: UInt64 = 1 << (10 + UInt64(head[5] >> 3))
    return base + base / 8 * UInt64(head[5] & 7)
  }

  /// Z-04; a frame whose blocks are malformed breaks Z-05.
  private func checkEnd(_ section: SectionEntry) throws(FormatError) {
    let byteCount = unsafe stored.bytes.withUnsafeBytes { buffer in
      unsafe ZSTD_findFrameCompressedSize(buffer.baseAddress, buffer.count)
    }
    if ZSTD_isError(byteCount) != 0, !Self.saysTruncated(byteCount) {
      throw FormatError(
        .z05, at: section.place, expected: "a frame that decodes without error",
        found: Self.errorName(byteCount))
    }
    guard byteCount == stored.count else {
      throw FormatError(
        .z04, at: section.place, expected: "a frame of \(stored.count) bytes",
        found: ZSTD_isError(byteCount) != 0 ? "one that is cut short" : "one of \(byteCount)")
    }
  }

  /// libzstd's name of an error code.
  static func errorName(_ code: Int) -> String {
    unsafe ZSTD_getErrorName(code).map { unsafe String(cString: $0) } ?? "error \(code)"
  }

  /// True for the error "memory allocation failed", number 64 of libzstd's fixed numbering: it says nothing of the frame.
  static func saysMemoryIsShort(_ code: Int) -> Bool { code == -64 }

  /// True for the error "source size is wrong", number 72 of libzstd's fixed numbering.
  private static func saysTruncated(_ code: Int) -> Bool {
    code == -72
  }
}
