import MomosModel

extension DictionaryEntry {
  static let allowedElementTypes: [ElementType] = [.float32, .float16, .bfloat16, .float64, .int8]

  /// Checks H-03, H-06 and D-01 to D-05.
  convenience init(_ record: DictionaryRecord, number: Int, references: inout ReferenceTable)
    throws(FormatError)
  {
    let place = "dictionary \(number)"
    let elementType = try ElementType(checking: record.elementType, at: place)
    guard let section = try references.section(record.section, at: place) else {
      throw FormatError(.h06, at: place, expected: "a section number", found: "none")
    }
    let counts = try Self.counts(record, at: place)
    let isAntipodal = record.isAntipodal ?? false
    let stored = isAntipodal ? counts.motifs / 2 : counts.motifs
    // At most 65,536 * 128 * 8.
    let byteCount = stored * counts.motifLength * elementType.byteCount
    try Self.checkType(elementType, scale: record.scale, at: place)
    guard section.rawByteCount == byteCount else {
      throw FormatError(
        .d05, at: place, expected: "a section of \(byteCount) raw bytes", found: "\(section.rawByteCount)")
    }
    self.init(
      number: number, motifCount: counts.motifs, blockLength: counts.blockLength,
      motifLength: counts.motifLength, elementType: elementType, isAntipodal: isAntipodal,
      hasZeroMotif: record.hasZeroMotif ?? false, scale: record.scale ?? 1, section: section)
  }

  /// D-01 to D-03.
  private static func counts(
    _ record: DictionaryRecord, at place: String
  ) throws(FormatError) -> (motifs: Int, blockLength: Int, motifLength: Int) {
    let blockLength = Int(record.blockLength ?? 0)
    guard (1...FormatLimits.maximumBlockLength).contains(blockLength) else {
      throw FormatError(
        .d01, at: place, expected: "a block length of 1 to \(FormatLimits.maximumBlockLength)",
        found: "\(blockLength)")
    }
    let motifCount = Int(record.motifCount ?? 0)
    let mustBeEven = record.isAntipodal ?? false
    guard (1...FormatLimits.maximumMotifCount).contains(motifCount), !mustBeEven || motifCount % 2 == 0 else {
      throw FormatError(
        .d02, at: place,
        expected:
          "\(mustBeEven ? "an even motif count" : "a motif count") of 1 to \(FormatLimits.maximumMotifCount)",
        found: "\(motifCount)")
    }
    let motifLength = Int(record.motifLength ?? 0)
    guard motifLength == blockLength || motifLength == 2 * blockLength else {
      throw FormatError(
        .d03, at: place, expected: "a motif length of \(blockLength) or \(2 * blockLength)",
        found: "\(motifLength)")
    }
    return (motifCount, blockLength, motifLength)
  }

  /// D-04.
  private static func checkType(_ elementType: ElementType, scale: Float?, at place: String)
    throws(FormatError)
  {
    guard allowedElementTypes.contains(elementType) else {
      throw FormatError(.d04, at: place, expected: "f32, f16, bf16, f64 or i8", found: elementType.name)
    }
    if elementType == .int8 {
      guard let scale, scale.isFinite, scale > 0 else {
        throw FormatError(
          .d04, at: place, expected: "a finite positive scale with i8", found: scale.map { "\($0)" } ?? "none"
        )
      }
    } else if let scale {
      throw FormatError(.d04, at: place, expected: "no scale with \(elementType.name)", found: "\(scale)")
    }
  }
}

extension ElementType {
  /// A required element type (H-03).
  init(checking number: UInt32?, at place: String) throws(FormatError) {
    guard let number, let type = ElementType(rawValue: Int(number)) else {
      throw FormatError(
        .h03, at: place, expected: "a known element type", found: number.map { "\($0)" } ?? "none")
    }
    self = type
  }

  /// An optional element type (H-03): absent, or a known one.
  static func optional(_ number: UInt32?, at place: String) throws(FormatError) -> ElementType? {
    guard let number else { return nil }
    return try ElementType(checking: number, at: place)
  }
}
