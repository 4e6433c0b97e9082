/// An ordered table of motifs, `[motifCount, motifLength]`, that any number of tensors may share.
///
/// An antipodal dictionary stores half of its motifs; the top bit of an index selects the negated one.
/// An overlapping dictionary has motifs twice as long as its blocks (see `Reconstruction`).
public struct MotifDictionary: Sendable, Hashable {
  /// Largest block length (spec D-01).
  public static let maximumBlockLength = 64
  /// Largest motif count, both signs of an antipodal dictionary counted (spec D-02).
  public static let maximumMotifCount = 65_536

  /// Number of motifs k; counts both signs of an antipodal dictionary.
  public let motifCount: Int
  /// Stride s of the blocks, in weights.
  public let blockLength: Int
  /// Weights in a motif: `blockLength` (plain) or twice that (overlapping).
  public let motifLength: Int
  /// Type of the stored values: float32, float16, bfloat16, float64, or int8 with a scale.
  public let elementType: ElementType
  public let isAntipodal: Bool
  /// True if motif 0 is all zeros.
  public let hasZeroMotif: Bool
  /// Factor of int8 values; 1 for the other types.
  public let scale: Float
  /// `[storedMotifCount, motifLength]` values.
  public let values: Bytes

  /// All arguments must be within the limits above and agree with each other.
  public init(
    motifCount: Int, blockLength: Int, isOverlapping: Bool = false, elementType: ElementType,
    isAntipodal: Bool = false, hasZeroMotif: Bool = false, scale: Float = 1, values: Bytes
  ) {
    precondition((1...Self.maximumBlockLength).contains(blockLength))
    precondition((1...Self.maximumMotifCount).contains(motifCount))
    precondition(!isAntipodal || motifCount % 2 == 0)
    self.motifCount = motifCount
    self.blockLength = blockLength
    self.motifLength = isOverlapping ? 2 * blockLength : blockLength
    self.elementType = elementType
    self.isAntipodal = isAntipodal
    self.hasZeroMotif = hasZeroMotif
    self.scale = scale
    self.values = values
    precondition(values.count == storedMotifCount * motifLength * elementType.byteCount)
  }

  public var isOverlapping: Bool { motifLength != blockLength }

  /// Motifs present in `values`.
  public var storedMotifCount: Int { isAntipodal ? motifCount / 2 : motifCount }

  /// Bits of one motif index: ceil(log2 motifCount), 0 for a single motif.
  public var indexWidth: Int { Self.indexWidth(motifCount: motifCount) }

  /// Entries of an execution table: 2^indexWidth, so that no index of that width reads outside.
  public var tableCount: Int { 1 << indexWidth }

  /// ceil(log2 motifCount), for motifCount of at least 1.
  public static func indexWidth(motifCount: Int) -> Int {
    motifCount <= 1 ? 0 : Int.bitWidth - (motifCount - 1).leadingZeroBitCount
  }

  /// The bit of an index that negates, 0 for a dictionary that is not antipodal.
  public var signBit: Int { isAntipodal ? 1 << (indexWidth - 1) : 0 }

  /// True if `index` names a motif of this dictionary.
  public func contains(index: Int) -> Bool {
    index >= 0 && index < tableCount && index & ~signBit < storedMotifCount
  }

  /// Number of blocks that cover `length` weights.
  public func blockCount(covering length: Int) -> Int {
    (length + blockLength - 1) / blockLength
  }

  /// The stored motifs as float32, `[storedMotifCount, motifLength]`, `scale` applied.
  public func storedFloats() -> [Float] {
    let shape = Shape(rows: storedMotifCount, columns: motifLength)
    let floats = Tensor(elementType: elementType, shape: shape, bytes: values).floats()
    return elementType == .int8 ? floats.map { $0 * scale } : floats
  }

  /// The motifs by index as float32, `[tableCount, motifLength]`; entries that no valid index names are zero.
  public func tableFloats() -> [Float] {
    let stored = storedFloats()
    var table = [Float](repeating: 0, count: tableCount * motifLength)
    for position in stored.indices {
      table[position] = stored[position]
      if isAntipodal { table[signBit * motifLength + position] = -stored[position] }
    }
    return table
  }
}
