import MomosModel
import Synchronization

/// Turns the sections of a tensor into its value: the L rules.
final class TensorLoading: Sendable {
  private let file: SectionLoading
  /// Dictionaries that were loaded, by number.
  private let dictionaries = Mutex<[Int: MotifDictionary]>([:])

  init(file: SectionLoading) {
    self.file = file
  }

  /// T-06 and widening.
  func dense(_ entry: TensorEntry, _ dense: DenseEntry) throws(FormatError) -> Tensor {
    guard let section = dense.section else {
      return Tensor(elementType: entry.elementType, shape: entry.shape, bytes: Bytes())
    }
    let bytes = try file.bytes(of: section)
    if dense.storedElementType == .bool { try checkBooleans(bytes, at: entry.place) }
    let stored = Tensor(elementType: dense.storedElementType, shape: entry.shape, bytes: bytes)
    do {
      return try stored.widened(to: entry.elementType)
    } catch {
      throw FormatError(error, at: entry.place)
    }
  }

  private func checkBooleans(_ bytes: Bytes, at place: String) throws(FormatError) {
    let span = bytes.span(of: UInt8.self)
    for position in span.indices where span[position] > 1 {
      throw FormatError(
        .t06, at: "\(place), element \(position)", expected: "0 or 1", found: "\(span[position])")
    }
  }

  func mosaic(_ entry: TensorEntry, _ mosaic: MosaicEntry) throws(FormatError) -> MosaicTensor {
    var parts: [MosaicPart] = []
    for (position, part) in mosaic.parts.enumerated() {
      parts.append(
        try self.part(part, matrix: mosaic.matrixShape, place: "\(entry.place), part \(position + 1)"))
    }
    try PartDisjointness(parts: parts, place: entry.place).check()
    return MosaicTensor(
      elementType: entry.elementType, shape: entry.shape, view: mosaic.view, blocking: mosaic.blocking,
      composition: mosaic.composition, parts: parts, outliers: try outliers(mosaic, at: entry.place))
  }

  private func part(_ part: PartEntry, matrix: Shape, place: String) throws(FormatError) -> MosaicPart {
    let rows = try list(part.rowsSection, extent: matrix[0], place: "\(place), rows")
    let columns = try list(part.columnsSection, extent: matrix[1], place: "\(place), columns")
    var stages: [Stage] = []
    for (position, stage) in part.stages.enumerated() {
      stages.append(
        try self.stage(stage, rowCount: part.rowCount, place: "\(place), stage \(position + 1)"))
    }
    return MosaicPart(
      rows: rows, columns: columns, stages: stages, rowScale: try rowScale(part, place: place))
  }

  /// M-06.
  private func list(_ section: SectionEntry?, extent: Int, place: String) throws(FormatError) -> [Int]? {
    guard let section else { return nil }
    let numbers = try file.bytes(of: section).array(of: UInt32.self).map { Int($0) }
    var previous = -1
    for (position, number) in numbers.enumerated() {
      guard number > previous, number < extent else {
        throw FormatError(
          .m06, at: "\(place), entry \(position + 1)",
          expected: "a number above \(previous) and below \(extent)", found: "\(number)")
      }
      previous = number
    }
    return numbers
  }

  private func stage(_ stage: StageEntry, rowCount: Int, place: String) throws(FormatError) -> Stage {
    let dictionary = try self.dictionary(stage.dictionary)
    let bytes = try stage.mosaicSection.map { section throws(FormatError) in try file.bytes(of: section) }
    let mosaic = Mosaic(
      rowCount: rowCount, blockCount: stage.blockCount, blockLength: dictionary.blockLength,
      indexWidth: dictionary.indexWidth, layout: stage.layout, bytes: bytes ?? Bytes())
    try IndexCheck(mosaic: mosaic, dictionary: dictionary, place: place).check()
    return Stage(dictionary: dictionary, mosaic: mosaic)
  }

  /// M-15.
  private func rowScale(_ part: PartEntry, place: String) throws(FormatError) -> Tensor? {
    guard let section = part.rowScaleSection, let elementType = part.rowScaleElementType else { return nil }
    let scale = Tensor(
      elementType: elementType, shape: Shape(vector: part.rowCount), bytes: try file.bytes(of: section))
    if let row = scale.floats().firstIndex(where: { !$0.isFinite }) {
      throw FormatError(
        .m15, at: "\(place), row scale", expected: "finite factors", found: "another in row \(row)")
    }
    return scale
  }

  /// M-17.
  private func outliers(_ mosaic: MosaicEntry, at place: String) throws(FormatError) -> Outliers {
    guard let section = mosaic.outlierSection else { return .none }
    return try OutlierCoding.decode(
      try file.bytes(of: section), count: mosaic.outlierCount, matrix: mosaic.matrixShape, place: place)
  }

  /// A dictionary, decoded and checked (D-06, D-07) on first use.
  private func dictionary(_ entry: DictionaryEntry) throws(FormatError) -> MotifDictionary {
    try dictionaries.withLock { loaded throws(FormatError) in
      if let dictionary = loaded[entry.number] { return dictionary }
      let dictionary = MotifDictionary(
        motifCount: entry.motifCount, blockLength: entry.blockLength, isOverlapping: entry.isOverlapping,
        elementType: entry.elementType, isAntipodal: entry.isAntipodal, hasZeroMotif: entry.hasZeroMotif,
        scale: entry.scale, values: try file.bytes(of: entry.section))
      try Self.check(dictionary, at: entry.place)
      loaded[entry.number] = dictionary
      return dictionary
    }
  }

  private static func check(_ dictionary: MotifDictionary, at place: String) throws(FormatError) {
    if let position = dictionary.storedFloats().firstIndex(where: { !$0.isFinite }) {
      throw FormatError(
        .d06, at: "\(place), motif \(position / dictionary.motifLength)",
        expected: "values that are finite in float32", found: "another")
    }
    guard dictionary.hasZeroMotif else { return }
    let byteCount = dictionary.motifLength * dictionary.elementType.byteCount
    let first = dictionary.values[0..<byteCount].array(of: UInt8.self)
    guard first.allSatisfy({ $0 == 0 }) else {
      throw FormatError(.d07, at: "\(place), motif 0", expected: "zero bytes", found: "others")
    }
  }
}
