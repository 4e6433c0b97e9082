import MomosModel

/// What a section is to hold: its raw bytes, or in a prediction only how many there will be.
enum SectionContent {
  case bytes(Bytes)
  case count(Int)

  var byteCount: Int {
    switch self {
    case .bytes(let bytes): bytes.count
    case .count(let count): count
    }
  }
}

/// How a section came to lie in the file.
struct StoredSection {
  let storedByteCount: Int
  let codec: Codec
  /// 0 unless the codec is `bytePlanesZstd`.
  let planeCount: Int
  let digest: UInt64
}

/// Takes the sections of a file as they come.
protocol SectionSink {
  /// Stores one section at `offset`, zero bytes between it and the previous one.
  /// - Parameter elementByteCount: of the values in it, for the choice of a codec.
  func store(_ content: SectionContent, at offset: Int, elementByteCount: Int) throws(FormatError)
    -> StoredSection
}

/// Predicts the size of a file: stores nothing, compresses nothing.
struct CountingSink: SectionSink {
  func store(
    _ content: SectionContent, at offset: Int, elementByteCount: Int
  ) throws(FormatError) -> StoredSection {
    StoredSection(storedByteCount: content.byteCount, codec: .stored, planeCount: 0, digest: 0)
  }
}

/// Writes sections to a file, compressed where that is asked for and useful.
struct FileSink: SectionSink {
  let file: TemporaryFile
  let compress: Bool

  func store(
    _ content: SectionContent, at offset: Int, elementByteCount: Int
  ) throws(FormatError) -> StoredSection {
    guard case .bytes(let raw) = content else { preconditionFailure("a section to write has bytes") }
    let (stored, codec, planeCount) = try encoded(raw, elementByteCount: elementByteCount)
    try file.write(zeroBytes: offset - file.byteCount)
    try file.write(stored)
    return StoredSection(
      storedByteCount: stored.count, codec: codec, planeCount: planeCount, digest: xxh3(stored))
  }

  /// The bytes to store: compressed if that saves at least 3 % and keeps to the expansion limit (S-05).
  private func encoded(
    _ raw: Bytes, elementByteCount: Int
  ) throws(FormatError) -> (stored: Bytes, codec: Codec, planeCount: Int) {
    guard compress else { return (raw, .stored, 0) }
    let hasPlanes = [2, 4, 8].contains(elementByteCount) && raw.count % elementByteCount == 0
    let source: Bytes
    do {
      source = hasPlanes ? try BytePlanes.split(raw, planeCount: elementByteCount) : raw
    } catch {
      throw FormatError(error, at: "compression")
    }
    guard let frame = try SectionCodec.compress(source),
      frame.count <= raw.count - (raw.count * 3 + 99) / 100,
      raw.count / FormatLimits.maximumExpansion < frame.count
    else { return (raw, .stored, 0) }
    return hasPlanes ? (frame, .bytePlanesZstd, elementByteCount) : (frame, .zstd, 0)
  }
}
