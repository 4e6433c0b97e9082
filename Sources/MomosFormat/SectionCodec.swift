import CZstd
import MomosModel

/// Compresses and expands sections (spec section 10).
enum SectionCodec {
  private static let compressionLevel: Int32 = 3

  /// The raw bytes of a section; the stored bytes themselves with codec STORED. Checks Z-01 to Z-05.
  /// - Parameter stored: the section's stored bytes.
  static func decode(_ stored: Bytes, of section: SectionEntry) throws(FormatError) -> Bytes {
    if section.codec == .stored { return stored }
    try ZstdFrame(stored).check(against: section)
    let raw = try decompress(stored, section)
    if section.codec == .zstd { return raw }
    do {
      return try BytePlanes.merge(raw, planeCount: section.planeCount)
    } catch {
      throw FormatError(error, at: section.place)
    }
  }

  /// Z-05.
  private static func decompress(_ stored: Bytes, _ section: SectionEntry) throws(FormatError) -> Bytes {
    var buffer: MutableBytes
    do {
      buffer = try MutableBytes(byteCount: section.rawByteCount)
    } catch {
      throw FormatError(error, at: section.place)
    }
    var target = buffer.mutableSpan(of: UInt8.self)
    let result = unsafe target.withUnsafeMutableBytes { target in
      unsafe stored.bytes.withUnsafeBytes { source in
        unsafe ZSTD_decompress(target.baseAddress, target.count, source.baseAddress, source.count)
      }
    }
    if ZstdFrame.saysMemoryIsShort(result) {
      throw FormatError(ModelError.allocationFailed(byteCount: section.rawByteCount), at: section.place)
    }
    guard ZSTD_isError(result) == 0, result == section.rawByteCount else {
      throw FormatError(
        .z05, at: section.place, expected: "a frame that decodes to \(section.rawByteCount) bytes",
        found: ZSTD_isError(result) == 0 ? "\(result) bytes" : ZstdFrame.errorName(result))
    }
    return buffer.freeze()
  }

  /// One zstd frame of `raw` with its content size and without a checksum; nil if zstd cannot.
  static func compress(_ raw: Bytes) throws(FormatError) -> Bytes? {
    var buffer: MutableBytes
    do {
      buffer = try MutableBytes(byteCount: ZSTD_compressBound(raw.count))
    } catch {
      throw FormatError(error, at: "compression")
    }
    var target = buffer.mutableSpan(of: UInt8.self)
    let result = unsafe target.withUnsafeMutableBytes { target in
      unsafe raw.bytes.withUnsafeBytes { source in
        unsafe ZSTD_compress(
          target.baseAddress, target.count, source.baseAddress, source.count, compressionLevel)
      }
    }
    if ZstdFrame.saysMemoryIsShort(result) {
      throw FormatError(ModelError.allocationFailed(byteCount: raw.count), at: "compression")
    }
    return ZSTD_isError(result) == 0 ? buffer.freeze()[0..<result] : nil
  }
}
