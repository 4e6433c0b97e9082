import MomosModel

/// Reads sections through the `load` door: S-06, S-07 and the Z rules.
struct SectionLoading: Sendable {
  /// The whole file, whose start is aligned to 64.
  let file: Bytes

  /// The raw bytes of a section, aligned to 64; a view of the file with codec STORED.
  func bytes(of section: SectionEntry) throws(FormatError) -> Bytes {
    let stored = file[section.offset..<section.end]
    let digest = xxh3(stored)
    guard digest == section.digest else {
      throw FormatError(
        .s06, at: section.place, expected: "digest \(hexadecimal(section.digest))", found: hexadecimal(digest)
      )
    }
    // In range: the header lies behind the padding of the last section (S-01).
    let paddingEnd = FormatLimits.aligned(section.end) ?? section.end
    let padding = file[section.end..<paddingEnd].array(of: UInt8.self)
    guard padding.allSatisfy({ $0 == 0 }) else {
      throw FormatError(
        .s07, at: "\(section.place), padding", expected: "zero bytes", found: hexadecimal(padding))
    }
    return try SectionCodec.decode(stored, of: section)
  }
}

extension Bytes {
  /// The same bytes at a multiple of 64; copied only where they are not.
  func alignedToSections() throws(FormatError) -> Bytes {
    let isAligned = unsafe bytes.withUnsafeBytes { buffer in
      UInt(bitPattern: buffer.baseAddress) % UInt(FormatLimits.alignment) == 0
    }
    return isAligned ? self : try heapBytes(array(of: UInt8.self))
  }
}
