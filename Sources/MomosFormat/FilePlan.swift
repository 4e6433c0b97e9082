public import MomosModel

/// A file before any of its data is known, from which its size follows (`MomosWriter.predictedByteCount`).
public struct FilePlan: Sendable {
  /// In the order in which they will be written.
  public var tensors: [PlannedTensor]
  public var graphs: [Graph]
  public var operatorSets: [OperatorSet]
  /// Numbers in it do not matter; texts and tensor names do.
  public var provenance: Provenance

  public init(
    tensors: [PlannedTensor] = [], graphs: [Graph] = [], operatorSets: [OperatorSet] = [],
    provenance: Provenance = Provenance()
  ) {
    self.tensors = tensors
    self.graphs = graphs
    self.operatorSets = operatorSets
    self.provenance = provenance
  }
}

/// A tensor before its data is known.
public struct PlannedTensor: Sendable {
  public var name: String
  public var content: Content

  public enum Content: Sendable {
    /// `storedAs` is the type of the elements in the file, nil for the tensor's own.
    case dense(ElementType, Shape, storedAs: ElementType?)
    case mosaic(MosaicFacts)
    case alias(of: String)
  }

  public init(name: String, content: Content) {
    self.name = name
    self.content = content
  }
}

/// A `MosaicTensor` without its data.
public struct MosaicFacts: Sendable {
  public var elementType: ElementType
  public var shape: Shape
  public var view: MatrixView
  public var blocking: Blocking
  public var composition: Composition
  public var parts: [PartFacts]
  public var outlierCount: Int

  public init(
    elementType: ElementType, shape: Shape, view: MatrixView, blocking: Blocking = .rows,
    composition: Composition = .sum, parts: [PartFacts], outlierCount: Int = 0
  ) {
    self.elementType = elementType
    self.shape = shape
    self.view = view
    self.blocking = blocking
    self.composition = composition
    self.parts = parts
    self.outlierCount = outlierCount
  }

  var matrixShape: Shape {
    blocking == .flat ? Shape(rows: 1, columns: shape.elementCount) : view.matrixShape(of: shape)
  }
}

/// A `MosaicPart` without its data.
public struct PartFacts: Sendable {
  /// Length of the row list; nil means all rows.
  public var rowCount: Int?
  /// Length of the column list; nil means all columns.
  public var columnCount: Int?
  public var stages: [StageFacts]
  /// float16 or float32; nil without row scale.
  public var rowScaleElementType: ElementType?

  public init(
    rowCount: Int? = nil, columnCount: Int? = nil, stages: [StageFacts],
    rowScaleElementType: ElementType? = nil
  ) {
    self.rowCount = rowCount
    self.columnCount = columnCount
    self.stages = stages
    self.rowScaleElementType = rowScaleElementType
  }
}

/// A `Stage` without its data.
public struct StageFacts: Sendable {
  public var dictionary: DictionaryFacts
  public var layout: IndexLayout

  public init(dictionary: DictionaryFacts, layout: IndexLayout = .rowMajor) {
    self.dictionary = dictionary
    self.layout = layout
  }
}

/// A `MotifDictionary` without its values.
public struct DictionaryFacts: Sendable, Hashable {
  /// Dictionaries with equal identifiers and facts are one, which tensors share.
  public var identifier: Int
  public var motifCount: Int
  public var blockLength: Int
  public var isOverlapping: Bool
  public var elementType: ElementType
  public var isAntipodal: Bool
  public var hasZeroMotif: Bool
  /// Factor of int8 values; 1 for the other types.
  public var scale: Float

  public init(
    identifier: Int, motifCount: Int, blockLength: Int, isOverlapping: Bool = false,
    elementType: ElementType, isAntipodal: Bool = false, hasZeroMotif: Bool = false, scale: Float = 1
  ) {
    self.identifier = identifier
    self.motifCount = motifCount
    self.blockLength = blockLength
    self.isOverlapping = isOverlapping
    self.elementType = elementType
    self.isAntipodal = isAntipodal
    self.hasZeroMotif = hasZeroMotif
    self.scale = scale
  }

  /// The facts of an existing dictionary, with identifier 0.
  init(of dictionary: MotifDictionary) {
    self.init(
      identifier: 0, motifCount: dictionary.motifCount, blockLength: dictionary.blockLength,
      isOverlapping: dictionary.isOverlapping, elementType: dictionary.elementType,
      isAntipodal: dictionary.isAntipodal, hasZeroMotif: dictionary.hasZeroMotif, scale: dictionary.scale)
  }

  var motifLength: Int { isOverlapping ? 2 * blockLength : blockLength }
  var storedMotifCount: Int { isAntipodal ? motifCount / 2 : motifCount }
  var indexWidth: Int { MotifDictionary.indexWidth(motifCount: motifCount) }
  var byteCount: Int { storedMotifCount * motifLength * elementType.byteCount }
}
