import MomosModel

/// A mosaic tensor on its way into a file: its facts, and for each of its sections the content.
///
/// Made from a `MosaicTensor` to be written, or from `MosaicFacts` to be predicted; everything after this value
/// is the same for both.
struct MosaicDraft {
  let elementType: ElementType
  let shape: Shape
  let view: MatrixView
  let blocking: Blocking
  let composition: Composition
  let parts: [PartDraft]
  let outlierCount: Int
  let outliers: SectionContent?
}

struct PartDraft {
  let rowCount: Int
  /// nil means all rows.
  let rows: SectionContent?
  let columnCount: Int
  /// nil means all columns.
  let columns: SectionContent?
  let stages: [StageDraft]
  let rowScaleElementType: ElementType?
  let rowScale: SectionContent?
}

struct StageDraft {
  let dictionary: DictionaryDraft
  let layout: IndexLayout
  /// nil for a dictionary with one motif.
  let mosaic: SectionContent?
}

struct DictionaryDraft {
  let facts: DictionaryFacts
  let identity: DictionaryIdentity
  let values: SectionContent
}

/// What makes a dictionary the same as one that was written before.
enum DictionaryIdentity {
  case bytes(Bytes)
  /// `DictionaryFacts.identifier`.
  case planned(Int)

  func isSame(as other: DictionaryIdentity) -> Bool {
    switch (self, other) {
    case (.bytes(let own), .bytes(let others)): own.isIdentical(to: others)
    case (.planned(let own), .planned(let others)): own == others
    default: false
    }
  }
}

extension MosaicDraft {
  /// - Throws: `allocation`; M-06 and M-17 for numbers outside the matrix, which the file could not hold.
  init(_ tensor: MosaicTensor, name: String) throws(FormatError) {
    let matrix = tensor.matrixShape
    let place = "tensor \(quoted(name))"
    var parts: [PartDraft] = []
    for (position, part) in tensor.parts.enumerated() {
      parts.append(try PartDraft(part, matrix: matrix, place: "\(place), part \(position + 1)"))
    }
    let outliers = tensor.outliers
    try checkRange(outliers.rows, below: matrix[0], rule: .m17, at: "\(place), outlier rows")
    try checkRange(outliers.columns, below: matrix[1], rule: .m17, at: "\(place), outlier columns")
    self.init(
      elementType: tensor.elementType, shape: tensor.shape, view: tensor.view, blocking: tensor.blocking,
      composition: tensor.composition, parts: parts, outlierCount: outliers.count,
      outliers: outliers.count == 0
        ? nil : .bytes(try heapBytes(OutlierCoding.encode(outliers, matrix: matrix))))
  }

  init(_ facts: MosaicFacts) {
    let matrix = facts.matrixShape
    let outlierByteCount = facts.outlierCount * OutlierCoding.byteCount(matrix: matrix)
    self.init(
      elementType: facts.elementType, shape: facts.shape, view: facts.view, blocking: facts.blocking,
      composition: facts.composition, parts: facts.parts.map { PartDraft($0, matrix: matrix) },
      outlierCount: facts.outlierCount, outliers: outlierByteCount == 0 ? nil : .count(outlierByteCount))
  }
}

extension PartDraft {
  init(_ part: MosaicPart, matrix: Shape, place: String) throws(FormatError) {
    self.init(
      rowCount: part.rows?.count ?? 0,
      rows: try Self.list(part.rows, below: matrix[0], at: "\(place), rows"),
      columnCount: part.columns?.count ?? 0,
      columns: try Self.list(part.columns, below: matrix[1], at: "\(place), columns"),
      stages: part.stages.map { StageDraft($0) }, rowScaleElementType: part.rowScale?.elementType,
      rowScale: part.rowScale.map { .bytes($0.bytes) })
  }

  init(_ facts: PartFacts, matrix: Shape) {
    let rowCount = facts.rowCount ?? matrix[0]
    let columnCount = facts.columnCount ?? matrix[1]
    self.init(
      rowCount: facts.rowCount ?? 0, rows: facts.rowCount.map { .count(4 * $0) },
      columnCount: facts.columnCount ?? 0, columns: facts.columnCount.map { .count(4 * $0) },
      stages: facts.stages.map { StageDraft($0, rowCount: rowCount, columnCount: columnCount) },
      rowScaleElementType: facts.rowScaleElementType,
      rowScale: facts.rowScaleElementType.map { .count(rowCount * $0.byteCount) })
  }

  /// Row or column numbers as u32.
  private static func list(
    _ numbers: [Int]?, below extent: Int, at place: String
  ) throws(FormatError) -> SectionContent? {
    guard let numbers else { return nil }
    guard !numbers.isEmpty else {
      throw FormatError(
        .m05, at: place, expected: "a list of at least one number, or none", found: "an empty one")
    }
    try checkRange(numbers, below: min(extent, FormatLimits.maximumMatrixExtent), rule: .m06, at: place)
    return .bytes(try heapBytes(numbers.map { UInt32($0) }))
  }
}

private func checkRange(
  _ numbers: [Int], below limit: Int, rule: FormatRule, at place: String
) throws(FormatError) {
  if let number = numbers.first(where: { $0 < 0 || $0 >= limit }) {
    throw FormatError(rule, at: place, expected: "numbers below \(limit)", found: "\(number)")
  }
}

extension StageDraft {
  init(_ stage: Stage) {
    let dictionary = stage.dictionary
    self.init(
      dictionary: DictionaryDraft(
        facts: DictionaryFacts(of: dictionary), identity: .bytes(dictionary.values),
        values: .bytes(dictionary.values)),
      layout: stage.mosaic.layout,
      mosaic: dictionary.indexWidth == 0 ? nil : .bytes(stage.mosaic.bytes))
  }

  init(_ facts: StageFacts, rowCount: Int, columnCount: Int) {
    let dictionary = facts.dictionary
    let blockCount = (columnCount + dictionary.blockLength - 1) / dictionary.blockLength
    let byteCount = facts.layout.byteCount(
      rowCount: rowCount, blockCount: blockCount, indexWidth: dictionary.indexWidth)
    self.init(
      dictionary: DictionaryDraft(
        facts: dictionary, identity: .planned(dictionary.identifier), values: .count(dictionary.byteCount)),
      layout: facts.layout, mosaic: dictionary.indexWidth == 0 ? nil : .count(byteCount))
  }
}
