public import MomosModel

/// A tensor as the header describes it, checked against the O rules; nothing is loaded.
public struct TensorEntry: Sendable {
  /// Position in the header, from 1.
  public let number: Int
  public let name: String
  /// Of the source tensor.
  public let elementType: ElementType
  /// Of the source tensor.
  public let shape: Shape
  public let form: Form

  public enum Form: Sendable {
    case dense(DenseEntry)
    case mosaic(MosaicEntry)
    /// The name of the tensor with the same weights, which is not an alias.
    case alias(of: String)
  }

  public enum Kind: String, Sendable, Hashable, CaseIterable, Codable {
    case dense, mosaic, alias

    /// The number in the header.
    var number: UInt32 {
      switch self {
      case .dense: 1
      case .mosaic: 2
      case .alias: 3
      }
    }
  }

  public var kind: Kind {
    switch form {
    case .dense: .dense
    case .mosaic: .mosaic
    case .alias: .alias
    }
  }

  /// The mosaic's facts, nil for other kinds.
  public var mosaic: MosaicEntry? {
    if case .mosaic(let entry) = form { entry } else { nil }
  }

  /// The name of the tensor that this one repeats, nil for other kinds.
  public var aliasTarget: String? {
    if case .alias(let name) = form { name } else { nil }
  }

  /// The sections that belong to this tensor alone: not its dictionaries, which tensors may share.
  public var sections: [SectionEntry] {
    switch form {
    case .dense(let entry): entry.section.map { [$0] } ?? []
    case .mosaic(let entry): entry.sections
    case .alias: []
    }
  }

  /// The dictionaries of a mosaic, each once, in the order of their numbers.
  public var dictionaries: [DictionaryEntry] {
    guard let mosaic else { return [] }
    var byNumber: [Int: DictionaryEntry] = [:]
    for part in mosaic.parts {
      for stage in part.stages { byNumber[stage.dictionary.number] = stage.dictionary }
    }
    return byNumber.values.sorted { $0.number < $1.number }
  }

  /// Bytes of `sections` in the file; dictionaries are not included.
  public var storedByteCount: Int { sections.reduce(0) { $0 + $1.storedByteCount } }

  /// Bytes of `sections` when decoded; dictionaries are not included.
  public var rawByteCount: Int { sections.reduce(0) { $0 + $1.rawByteCount } }

  var place: String { "tensor \(quoted(name))" }
}

/// Where a dense tensor's elements are.
public struct DenseEntry: Sendable {
  /// The type of the elements in the file, widened to the tensor's element type on load.
  public let storedElementType: ElementType
  /// nil for a tensor without elements.
  public let section: SectionEntry?
}

/// A dictionary as the header describes it.
public final class DictionaryEntry: Sendable {
  /// Position in the header, from 1.
  public let number: Int
  /// Counts both signs of an antipodal dictionary.
  public let motifCount: Int
  public let blockLength: Int
  /// `blockLength` (plain) or twice that (overlapping).
  public let motifLength: Int
  public let elementType: ElementType
  public let isAntipodal: Bool
  public let hasZeroMotif: Bool
  /// Factor of int8 values; 1 for the other types.
  public let scale: Float
  /// `[storedMotifCount, motifLength]` values.
  public let section: SectionEntry

  init(
    number: Int, motifCount: Int, blockLength: Int, motifLength: Int, elementType: ElementType,
    isAntipodal: Bool, hasZeroMotif: Bool, scale: Float, section: SectionEntry
  ) {
    self.number = number
    self.motifCount = motifCount
    self.blockLength = blockLength
    self.motifLength = motifLength
    self.elementType = elementType
    self.isAntipodal = isAntipodal
    self.hasZeroMotif = hasZeroMotif
    self.scale = scale
    self.section = section
  }

  public var isOverlapping: Bool { motifLength != blockLength }
  public var storedMotifCount: Int { isAntipodal ? motifCount / 2 : motifCount }
  public var indexWidth: Int { MotifDictionary.indexWidth(motifCount: motifCount) }

  var place: String { "dictionary \(number)" }
}

/// A mosaic tensor's structure.
public struct MosaicEntry: Sendable {
  /// The identity with no row axes for flat blocking.
  public let view: MatrixView
  public let blocking: Blocking
  public let composition: Composition
  /// `[rows, columns]` of the fitted matrix.
  public let matrixShape: Shape
  public let parts: [PartEntry]
  public let outlierCount: Int
  /// nil without outliers.
  public let outlierSection: SectionEntry?

  /// All sections but those of the dictionaries, in the order in which the header names them.
  public var sections: [SectionEntry] {
    var result: [SectionEntry] = []
    for part in parts {
      result += [part.rowsSection, part.columnsSection].compactMap { $0 }
      result += part.stages.compactMap(\.mosaicSection)
      result += [part.rowScaleSection].compactMap { $0 }
    }
    return result + [outlierSection].compactMap { $0 }
  }
}

/// One part of a mosaic tensor.
public struct PartEntry: Sendable {
  /// Rows of the part; those of the matrix where it has no list.
  public let rowCount: Int
  /// Columns of the part; those of the matrix where it has no list.
  public let columnCount: Int
  /// nil means all rows.
  public let rowsSection: SectionEntry?
  /// nil means all columns.
  public let columnsSection: SectionEntry?
  public let stages: [StageEntry]
  /// float16 or float32; nil without row scale.
  public let rowScaleElementType: ElementType?
  public let rowScaleSection: SectionEntry?
}

/// One stage of a part.
public struct StageEntry: Sendable {
  public let dictionary: DictionaryEntry
  public let layout: IndexLayout
  /// Blocks of one row.
  public let blockCount: Int
  /// nil if the dictionary has one motif.
  public let mosaicSection: SectionEntry?
}
