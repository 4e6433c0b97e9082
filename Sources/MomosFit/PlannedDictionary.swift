public import MomosModel

/// A dictionary that the fit will train, or one whose motifs are known already.
public struct PlannedDictionary: Sendable {
  public enum Motifs: Sendable {
    /// Found by the fit, for the parts that use it.
    case trained
    /// The distinct blocks of tensors that are stored without loss.
    case exact(MotifDictionary)
  }

  public let form: FitClass.StageForm
  public let elementType: ElementType
  /// Whether motif 0 is zeros.
  public let hasZeroMotif: Bool
  public let motifs: Motifs
  /// Weights of all parts that use it.
  public let weightCount: Int

  public var motifCount: Int { form.motifCount }
  public var blockLength: Int { form.blockLength }
  public var byteCount: Int { form.storedMotifCount * form.motifLength * elementType.byteCount }

  /// The layout of mosaics of this dictionary, in a part of so many rows: the one that kernels stream, the readable
  /// one where rows are only looked up.
  public func layout(rowCount: Int, use: WeightUse) -> IndexLayout {
    guard use == .product else { return .rowMajor }
    return IndexLayout.preferred(
      rowCount: rowCount, indexWidth: MotifDictionary.indexWidth(motifCount: motifCount),
      blockLength: blockLength)
  }

  /// Bytes of the indices of a part `[rowCount, columnCount]`.
  func mosaicByteCount(rowCount: Int, columnCount: Int, use: WeightUse) -> Int {
    layout(rowCount: rowCount, use: use).byteCount(
      rowCount: rowCount, blockCount: (columnCount + blockLength - 1) / blockLength,
      indexWidth: MotifDictionary.indexWidth(motifCount: motifCount))
  }
}
