import MomosModel

/// Lays out a file: hands its sections to a sink and collects the header that describes them.
///
/// Used alike to write a file and to predict its size.
struct FileAssembly {
  private let sink: any SectionSink
  private var header = HeaderRecord()
  /// Where the last section ends.
  private var end = FormatLimits.preambleByteCount
  private var numbersByName: [[UInt8]: Int] = [:]
  /// Dictionaries written so far by their facts, with their numbers.
  private var dictionaries: [DictionaryFacts: [(identity: DictionaryIdentity, number: UInt32)]] = [:]

  init(sink: any SectionSink) {
    self.sink = sink
  }

  var tensorCount: Int { header.tensors.count }

  /// Where the header will start.
  var headerOffset: Int { FormatLimits.aligned(end) ?? end }

  mutating func append(
    name: String, elementType: ElementType, shape: Shape, storedAs stored: ElementType,
    _ content: SectionContent
  ) throws(FormatError) {
    var record = try tensor(name, elementType, shape, kind: 1)
    if stored != elementType { record.storedElementType = UInt32(stored.rawValue) }
    if content.byteCount > 0 { record.section = try section(content, elementByteCount: stored.byteCount) }
    finish(record)
  }

  mutating func append(name: String, aliasOf target: String) throws(FormatError) {
    guard let number = numbersByName[Array(target.utf8)] else {
      throw FormatError(
        .noSuchTensor, at: "tensor \(quoted(name))", expected: "an alias of a tensor written before",
        found: quoted(target))
    }
    let original = header.tensors[number - 1]
    var record = try tensor(name, nil, nil, kind: 3)
    record.elementType = original.elementType
    record.dimensions = original.dimensions
    record.aliasOf = original.aliasOf ?? UInt32(number)
    finish(record)
  }

  mutating func append(name: String, _ draft: MosaicDraft) throws(FormatError) {
    var record = try tensor(name, draft.elementType, draft.shape, kind: 2)
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
    finish(record)
  }

  /// The header's bytes, once all tensors were appended.
  func encodedHeader(
    graphs: [Graph], operatorSets: [OperatorSet], provenance: Provenance
  ) throws(FormatError) -> [UInt8] {
    var header = header
    header.graphs = graphs.map { GraphRecord($0) }
    header.operatorSets = operatorSets.map { OperatorSetRecord($0) }
    header.provenance = try ProvenanceRecord(provenance, tensorNumbers: numbersByName)
    return try HeaderEncoding.bytes(of: header)
  }

  /// H-04 and H-05, before anything of the tensor is written.
  private func tensor(
    _ name: String, _ elementType: ElementType?, _ shape: Shape?, kind: UInt32
  ) throws(FormatError) -> TensorRecord {
    let bytes = Array(name.utf8)
    _ = try Text.name(bytes, rule: .h04, at: "tensor \(quoted(name))", mayBeEmpty: false)
    guard numbersByName[bytes] == nil else {
      throw FormatError(
        .h05, at: "tensor \(quoted(name))", expected: "a new name", found: "one written before")
    }
    return TensorRecord(
      name: bytes, elementType: elementType.map { UInt32($0.rawValue) },
      dimensions: shape?.dimensions.map { UInt64($0) } ?? [], kind: kind)
  }

  private mutating func finish(_ record: TensorRecord) {
    header.tensors.append(record)
    numbersByName[record.name ?? []] = header.tensors.count
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
    for stage in draft.stages {
      record.stages.append(
        StageRecord(
          dictionary: try dictionary(stage.dictionary),
          mosaicSection: try stage.mosaic.map { content throws(FormatError) in
            try section(content, elementByteCount: 1)
          },
          layout: stage.layout == .rowMajor ? nil : UInt32(stage.layout.rawValue)))
    }
    if let scale = draft.rowScale, let elementType = draft.rowScaleElementType {
      record.rowScaleSection = try section(scale, elementByteCount: elementType.byteCount)
      record.rowScaleElementType = UInt32(elementType.rawValue)
    }
    return record
  }

  /// The number of a dictionary, which is written on first use.
  private mutating func dictionary(_ draft: DictionaryDraft) throws(FormatError) -> UInt32 {
    let facts = draft.facts
    if let known = dictionaries[facts]?.first(where: { $0.identity.isSame(as: draft.identity) }) {
      return known.number
    }
    let section = try section(draft.values, elementByteCount: facts.elementType.byteCount)
    header.dictionaries.append(
      DictionaryRecord(
        motifCount: UInt32(facts.motifCount), blockLength: UInt32(facts.blockLength),
        motifLength: UInt32(facts.motifLength), elementType: UInt32(facts.elementType.rawValue),
        isAntipodal: facts.isAntipodal ? true : nil, hasZeroMotif: facts.hasZeroMotif ? true : nil,
        scale: facts.elementType == .int8 ? facts.scale : nil, section: section))
    let number = UInt32(header.dictionaries.count)
    dictionaries[facts, default: []].append((draft.identity, number))
    return number
  }

  /// Stores a section and returns its number.
  private mutating func section(_ content: SectionContent, elementByteCount: Int) throws(FormatError)
    -> UInt32
  {
    let offset = headerOffset
    let stored = try sink.store(content, at: offset, elementByteCount: elementByteCount)
    end = offset + stored.storedByteCount
    header.sections.append(
      SectionRecord(
        offset: UInt64(offset), storedByteCount: UInt64(stored.storedByteCount),
        rawByteCount: UInt64(content.byteCount),
        codec: stored.codec == .stored ? nil : UInt32(stored.codec.rawValue),
        planeCount: stored.planeCount == 0 ? nil : UInt32(stored.planeCount), digest: stored.digest))
    return UInt32(header.sections.count)
  }
}
