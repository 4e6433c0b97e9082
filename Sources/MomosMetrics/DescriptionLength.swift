import Glibc
public import MomosModel

/// How many bits describe weights, at worst, in two parameterisations: as they are, and as a mosaic.
///
/// - Dense: n b, for n weights of b bits.
/// - Mosaic: for each dictionary of k motifs (k / 2 stored if antipodal) of length m and elements of b bits: k m b;
///   for each stage with B blocks: B ceil(log2 k); for each row scale its bits; for each outlier its position and 16 bits.
/// - Either: 64 bits for each dimension of each tensor, and 2 * 64 bits for k and s of each dictionary.
///
/// Nothing is counted for names, the graph or padding. A dense tensor counts the same in both.
public struct DescriptionLength: Sendable, Hashable, Codable {
  static let numberBits = 64

  /// Everything, in the dense parameterisation.
  public private(set) var denseBits = 0
  /// Motifs of all dictionaries, each counted once, and their k and s.
  public private(set) var dictionaryBits = 0
  /// Motif indices at ceil(log2 k) bits.
  public private(set) var mosaicBits = 0
  /// What the same indices take at the entropy of their own frequencies, stage by stage.
  public private(set) var mosaicEntropyBits = 0.0
  public private(set) var rowScaleBits = 0
  public private(set) var outlierBits = 0
  /// Weights of tensors that are dense in both parameterisations.
  public private(set) var denseTensorBits = 0
  public private(set) var shapeBits = 0

  /// Everything, in the parameterisation at hand.
  public var totalBits: Int {
    dictionaryBits + mosaicBits + rowScaleBits + outlierBits + denseTensorBits + shapeBits
  }

  public init() {}

  /// Adds a tensor that is stored as it is.
  public mutating func add(_ tensor: Tensor) {
    addShape(tensor.shape)
    let bits = 8 * tensor.shape.elementCount * tensor.elementType.byteCount
    denseBits += bits
    denseTensorBits += bits
  }

  /// Adds a mosaic tensor without its dictionaries.
  public mutating func add(_ tensor: MosaicTensor) {
    addShape(tensor.shape)
    denseBits += 8 * tensor.shape.elementCount * tensor.elementType.byteCount
    outlierBits += 8 * tensor.outliers.count * Outliers.byteCount(of: tensor.matrixShape)
    for part in tensor.parts {
      rowScaleBits += 8 * (part.rowScale?.bytes.count ?? 0)
      for stage in part.stages {
        let blockCount = stage.mosaic.rowCount * stage.mosaic.blockCount
        mosaicBits += blockCount * stage.mosaic.indexWidth
        mosaicEntropyBits += entropy(of: stage.mosaic)
      }
    }
  }

  /// Adds a dictionary; one that several tensors share counts once.
  public mutating func add(
    dictionaryOf storedMotifCount: Int, motifLength: Int, elementType: ElementType
  ) {
    dictionaryBits += 8 * storedMotifCount * motifLength * elementType.byteCount + 2 * Self.numberBits
  }

  private mutating func addShape(_ shape: Shape) {
    denseBits += shape.rank * Self.numberBits
    shapeBits += shape.rank * Self.numberBits
  }

  /// -sum of log2 of the relative frequency of each index, in bits.
  private func entropy(of mosaic: Mosaic) -> Double {
    guard mosaic.indexWidth > 0 else { return 0 }
    var counts = [Int](repeating: 0, count: 1 << mosaic.indexWidth)
    var row = [UInt16](repeating: 0, count: mosaic.blockCount)
    for number in 0..<mosaic.rowCount {
      var span = row.mutableSpan
      mosaic.unpackRow(number, into: &span)
      for index in row { counts[Int(index)] += 1 }
    }
    let total = Double(counts.reduce(0, +))
    return counts.reduce(0.0) { $1 > 0 ? $0 - Double($1) * log2(Double($1) / total) : $0 }
  }
}
