import MomosModel

/// Lays out a file: hands its sections to a sink and collects the header that describes them.
///
/// Used alike to write a file and to predict its size. Each tensor passes the checks of the `open` door as soon
/// as it is appended, so that a mistake is not found only when the file is complete.
struct FileAssembly {
  private let sink: any SectionSink
  private var header = HeaderRecord()
  private var checks = TensorChecks(references: ReferenceTable(), tensorCount: 0)
  /// Where the last section ends.
  private var end = FormatLimits.preambleByteCount
  /// Dictionaries written so far by their facts, with their numbers.
  private var dictionaries: [DictionaryFacts: [(identity: DictionaryIdentity, number: UInt32)]] = [:]

  init(sink: any SectionSink) {
    self.sink = sink
  }

  var tensorCount: Int { header.tensors.count }

  /// Where the header will start.
  var headerOffset: Int { FormatLimits.aligned(end) ?? end }

  /// Appends a dense tensor whose elements are stored in the type `stored`.
  mutating func append(
    name: String, elementType: ElementType, shape: Shape, storedAs stored: ElementType,
    _ content: SectionContent
  ) throws(FormatError) {
    var record = try tensor(name, .dense)
    record.elementType = UInt32(elementType.rawValue)
    record.dimensions = shape.dimensions.map { UInt64($0) }
    if stored != elementType { record.storedElementType = UInt32(stored.rawValue) }
    if content.byteCount > 0 { record.section = try section(content, elementByteCount: stored.byteCount) }
    try append(record)
  }

  /// Appends a tensor that repeats an earlier one, or what an earlier alias repeats.
  mutating func append(name: String, aliasOf target: String) throws(FormatError) {
    guard let number = checks.numbersByName[Array(target.utf8)] else {
      throw FormatError(
        .noSuchTensor, at: "tensor \(quoted(name))", expected: "an alias of a tensor written before",
        found: quoted(target))
    }
    let original = header.tensors[number - 1]
    var record = try tensor(name, .alias)
    record.elementType = original.elementType
    record.dimensions = original.dimensions
    record.aliasOf = original.aliasOf ?? UInt32(number)
    try append(record)
  }

  /// Appends a mosaic tensor.
  mutating func append(name: String, _ draft: MosaicDraft) throws(FormatError) {
    var record = try tensor(name, .mosaic)
    record.elementType = UInt32(draft.elementType.rawValue)
    record.dimensions = draft.shape.dimensions.map { UInt64($0) }
    if draft.blocking == .flat {
      record.blocking = UInt32(draft.blocking.rawValue)
    } else {
      record.permutation = draft.view.isIdentity ? [] : draft.view.permutation.map { UInt32($0) }
      record.rowAxes = UInt32(draft.view.rowAxes)
    }
    if draft.composition == .copy { record.composition = UInt32(draft.composition.rawValue) }
    for part in draft.parts { record.parts.append(try self.part(part)) }
    if let outliers = draft.outliers {
      record.outlierSection = try section(outliers, elementByteCount: 2)
      record.outlierCount = UInt64(draft.outlierCount)
    }
    try append(record)
  }

  /// The header's bytes, once all tensors were appended.
  func encodedHeader(
    graphs: [Graph], operatorSets: [OperatorSet], provenance: Provenance
  ) throws(FormatError) -> [UInt8] {
    var header = header
    header.graphs = graphs.map { GraphRecord($0) }
    header.operatorSets = operatorSets.map { OperatorSetRecord($0) }
    header.provenance = try ProvenanceRecord(provenance, tensorNumbers: checks.numbersByName)
    // An empty message has no bytes, but a header has at least one (F-08).
    if header == HeaderRecord() { header.provenance = ProvenanceRecord() }
    return try HeaderEncoding.bytes(of: header)
  }

  /// A record with the name and the kind; H-04 and H-05 before anything of the tensor is written.
  private func tensor(_ name: String, _ kind: TensorEntry.Kind) throws(FormatError) -> TensorRecord {
    let bytes = Array(name.utf8)
    _ = try Text.name(bytes, rule: .h04, at: "tensor \(quoted(name))", mayBeEmpty: false)
    guard checks.numbersByName[bytes] == nil else {
      throw FormatError(
        .h05, at: "tensor \(quoted(name))", expected: "a new name", found: "one written before")
    }
    return TensorRecord(name: bytes, kind: kind.number)
  }

  private mutating func append(_ record: TensorRecord) throws(FormatError) {
    try checks.append(record)
    header.tensors.append(record)
  }

  private mutating func part(_ draft: PartDraft) throws(FormatError) -> PartRecord {
    var record = PartRecord()
    if let rows = draft.rows {
      record.rowsSection = try section(rows, elementByteCount: 4)
      record.rowCount = UInt64(draft.rowCount)
    }
    if let columns = draft.columns {
      record.columnsSection = try section(columns, elementByteCount: 4)
      record.columnCount = UInt64(draft.columnCount)
    }
    for stage in draft.stages { record.stages.append(try self.stage(stage)) }
    if let scale = draft.rowScale, let elementType = draft.rowScaleElementType {
      record.rowScaleSection = try section(scale, elementByteCount: elementType.byteCount)
      record.rowScaleElementType = UInt32(elementType.rawValue)
    }
    return record
  }

  private mutating func stage(_ draft: StageDraft) throws(FormatError) -> StageRecord {
    var record = StageRecord(dictionary: try dictionary(draft.dictionary))
    if let mosaic = draft.mosaic { record.mosaicSection = try section(mosaic, elementByteCount: 1) }
    if draft.layout != .rowMajor { record.layout = UInt32(draft.layout.rawValue) }
    return record
  }

  /// The number of a dictionary, which is written on first use.
  private mutating func dictionary(_ draft: DictionaryDraft) throws(FormatError) -> UInt32 {
    let facts = draft.facts
    if let known = dictionaries[facts]?.first(where: { $0.identity.isSame(as: draft.identity) }) {
      return known.number
    }
    let record = DictionaryRecord(
      motifCount: UInt32(facts.motifCount), blockLength: UInt32(facts.blockLength),
      motifLength: UInt32(facts.motifLength), elementType: UInt32(facts.elementType.rawValue),
      isAntipodal: facts.isAntipodal ? true : nil, hasZeroMotif: facts.hasZeroMotif ? true : nil,
      scale: facts.elementType == .int8 ? facts.scale : nil,
      section: try section(draft.values, elementByteCount: facts.elementType.byteCount))
    header.dictionaries.append(record)
    let number = header.dictionaries.count
    checks.references.append(
      try DictionaryEntry(record, number: number, references: &checks.references))
    dictionaries[facts, default: []].append((draft.identity, UInt32(number)))
    return UInt32(number)
  }

  /// Stores a section of at least one byte and returns its number.
  private mutating func section(
    _ content: SectionContent, elementByteCount: Int
  ) throws(FormatError) -> UInt32 {
    let offset = headerOffset
    let stored = try sink.store(content, at: offset, elementByteCount: elementByteCount)
    end = offset + stored.storedByteCount
    header.sections.append(
      SectionRecord(
        offset: UInt64(offset), storedByteCount: UInt64(stored.storedByteCount),
        rawByteCount: UInt64(content.byteCount),
        codec: stored.codec == .stored ? nil : UInt32(stored.codec.rawValue),
        planeCount: stored.planeCount == 0 ? nil : UInt32(stored.planeCount), digest: stored.digest))
    let number = header.sections.count
    checks.references.append(
      SectionEntry(
        number: number, offset: offset, storedByteCount: stored.storedByteCount,
        rawByteCount: content.byteCount, codec: stored.codec, planeCount: stored.planeCount,
        digest: stored.digest))
    return UInt32(number)
  }
}
