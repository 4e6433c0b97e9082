import MomosModel

/// The M rules of the `open` door, for one part.
struct PartChecks {
  let record: PartRecord
  let matrix: Shape
  let place: String
  let blocking: Blocking
  /// The tensor's element type with composition COPY, else nil.
  let copiedElementType: ElementType?

  func entry(references: inout ReferenceTable) throws(FormatError) -> PartEntry {
    guard (1...FormatLimits.maximumStageCount).contains(record.stages.count) else {
      throw FormatError(
        .m04, at: place, expected: "1 to \(FormatLimits.maximumStageCount) stages",
        found: "\(record.stages.count)")
    }
    let rows = try references.section(record.rowsSection, at: "\(place), rows")
    let columns = try references.section(record.columnsSection, at: "\(place), columns")
    try checkList(rows, count: record.rowCount, extent: matrix[0], name: "row")
    try checkList(columns, count: record.columnCount, extent: matrix[1], name: "column")
    let rowCount = rows == nil ? matrix[0] : Int(record.rowCount ?? 0)
    let columnCount = columns == nil ? matrix[1] : Int(record.columnCount ?? 0)
    var stages: [StageEntry] = []
    for (position, stage) in record.stages.enumerated() {
      stages.append(
        try self.stage(
          stage, rowCount, columnCount, at: "\(place), stage \(position + 1)", &references))
    }
    let scale = try rowScale(rowCount, &references)
    return PartEntry(
      rowCount: rowCount, columnCount: columnCount, rowsSection: rows, columnsSection: columns,
      stages: stages, rowScaleElementType: scale?.elementType, rowScaleSection: scale?.section)
  }

  /// M-05.
  private func checkList(
    _ section: SectionEntry?, count: UInt64?, extent: Int, name: String
  ) throws(FormatError) {
    let count = count ?? 0
    guard count <= UInt64(extent), section?.rawByteCount ?? 0 == 4 * Int(count) else {
      throw FormatError(
        .m05, at: "\(place), \(name)s",
        expected: "at most \(extent) \(name) numbers in a section of 4 raw bytes each, or neither",
        found: "a count of \(count) and \(section.map { "a section of \($0.rawByteCount)" } ?? "no section")")
    }
  }

  /// M-10, M-11 and what M-08 and M-09 say of dictionaries.
  private func stage(
    _ record: StageRecord, _ rowCount: Int, _ columnCount: Int, at place: String,
    _ references: inout ReferenceTable
  ) throws(FormatError) -> StageEntry {
    let layoutNumber = record.layout ?? 0
    guard layoutNumber <= 4 else {
      throw FormatError(.h03, at: place, expected: "a known index layout", found: "\(layoutNumber)")
    }
    let dictionary = try references.dictionary(record.dictionary, at: place)
    try checkRestrictions(dictionary, at: place)
    guard let layout = IndexLayout(rawValue: Int(layoutNumber)),
      layout.suits(indexWidth: dictionary.indexWidth, blockLength: dictionary.blockLength)
    else {
      throw FormatError(
        .m11, at: place,
        expected: "layout 0, or 1 to 3 where they suit the index width and block length",
        found:
          "layout \(layoutNumber) for \(dictionary.indexWidth) bits and blocks of \(dictionary.blockLength)")
    }
    let section = try references.section(record.mosaicSection, at: place)
    let blockCount = (columnCount + dictionary.blockLength - 1) / dictionary.blockLength
    // At most 2^48 elements in rows of at most 2^31 - 1 blocks of 16 bits: below 2^53.
    let byteCount = layout.byteCount(
      rowCount: rowCount, blockCount: blockCount, indexWidth: dictionary.indexWidth)
    guard section?.rawByteCount ?? 0 == byteCount else {
      throw FormatError(
        .m10, at: place,
        expected: byteCount == 0 ? "no mosaic section for one motif" : "a section of \(byteCount) raw bytes",
        found: section.map { "one of \($0.rawByteCount)" } ?? "none")
    }
    return StageEntry(dictionary: dictionary, layout: layout, blockCount: blockCount, mosaicSection: section)
  }

  private func checkRestrictions(_ dictionary: DictionaryEntry, at place: String) throws(FormatError) {
    if blocking == .flat, dictionary.isOverlapping {
      throw FormatError(
        .m08, at: place, expected: "a plain dictionary with flat blocking", found: "an overlapping one")
    }
    if let copiedElementType, dictionary.isOverlapping || dictionary.elementType != copiedElementType {
      throw FormatError(
        .m09, at: place, expected: "a plain dictionary of \(copiedElementType.name) with composition COPY",
        found:
          "\(dictionary.isOverlapping ? "an overlapping" : "a plain") one of \(dictionary.elementType.name)")
    }
  }

  /// M-14.
  private func rowScale(
    _ rowCount: Int, _ references: inout ReferenceTable
  ) throws(FormatError) -> (elementType: ElementType, section: SectionEntry)? {
    let place = "\(place), row scale"
    let elementType = try ElementType.optional(record.rowScaleElementType, at: place)
    let section = try references.section(record.rowScaleSection, at: place)
    guard let section else {
      guard let elementType else { return nil }
      throw FormatError(
        .m14, at: place, expected: "no element type without a section", found: elementType.name)
    }
    guard let elementType, elementType == .float16 || elementType == .float32 else {
      throw FormatError(.m14, at: place, expected: "f16 or f32", found: elementType?.name ?? "none")
    }
    guard section.rawByteCount == rowCount * elementType.byteCount else {
      throw FormatError(
        .m14, at: place, expected: "\(rowCount * elementType.byteCount) raw bytes",
        found: "\(section.rawByteCount)")
    }
    return (elementType, section)
  }
}
