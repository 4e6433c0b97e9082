public import MomosModel

/// What can be measured of weights without knowing how they are stored.
///
/// *Signs* are weights binarised: 1 above zero, else 0, eight to a byte, the first in the highest bit.
public struct WeightComplexity: Sendable, Hashable, Codable {
  public let weightCount: Int
  /// Bytes of the weights in their element type.
  public let byteCount: Int
  /// Weights that are zero, as a share of all.
  public let sparsity: Double
  /// The square root of the sum of squares.
  public let l2Norm: Double
  /// Compressed bytes / bytes of the weights; nil where the compressor does not take so many.
  public let zlibRate: Double?
  public let zstdRate: Double?
  /// Compressed bytes / bytes of the signs.
  public let signZlibRate: Double?
  public let signZstdRate: Double?
  /// Of the signs, in bits; see `BDM`.
  public let blockDecomposition: Double

  public var blockDecompositionPerWeight: Double {
    weightCount > 0 ? blockDecomposition / Double(weightCount) : 0
  }
}

/// Measures one tensor after another, and all of them together.
///
/// Compressed bytes of several tensors are the sum of those of each; BDM counts the blocks of all.
public struct ComplexityMeter: Sendable {
  private var sums = ComplexitySums()

  public init() {}

  /// Measures a tensor of a floating-point type and adds it to the total.
  public mutating func add(_ tensor: Tensor) throws(ModelError) -> WeightComplexity {
    precondition(tensor.elementType.isFloatingPoint)
    let own = try ComplexitySums(tensor)
    sums.add(own)
    return own.complexity
  }

  public var total: WeightComplexity { sums.complexity }
}

/// What adds up over tensors.
private struct ComplexitySums {
  var weightCount = 0
  var byteCount = 0
  var zeroCount = 0
  var squares = 0.0
  var signByteCount = 0
  var zlib: Int? = 0
  var zstd: Int? = 0
  var signZlib: Int? = 0
  var signZstd: Int? = 0
  var signs = BDM()

  init() {}

  init(_ tensor: Tensor) throws(ModelError) {
    var packed: [UInt8] = []
    packed.reserveCapacity(tensor.elementCount / 8 + 1)
    let chunk = 1 << 16
    var bits: [Bool] = []
    bits.reserveCapacity(tensor.elementCount)
    for start in stride(from: 0, to: tensor.elementCount, by: chunk) {
      for weight in tensor.floats(in: start..<min(start + chunk, tensor.elementCount)) {
        if weight == 0 { zeroCount += 1 }
        squares += Double(weight) * Double(weight)
        bits.append(weight > 0)
      }
    }
    for (position, bit) in bits.enumerated() {
      if position % 8 == 0 { packed.append(0) }
      if bit { packed[packed.count - 1] |= 0x80 >> UInt8(position % 8) }
    }
    signs.add(bits)
    weightCount = tensor.elementCount
    byteCount = tensor.bytes.count
    signByteCount = packed.count
    let signBytes = try Bytes(copying: packed)
    (zlib, zstd) = (CompressedSize.zlib(tensor.bytes), CompressedSize.zstd(tensor.bytes))
    (signZlib, signZstd) = (CompressedSize.zlib(signBytes), CompressedSize.zstd(signBytes))
  }

  mutating func add(_ other: ComplexitySums) {
    func sum(_ own: Int?, _ others: Int?) -> Int? { own.flatMap { own in others.map { own + $0 } } }
    weightCount += other.weightCount
    byteCount += other.byteCount
    zeroCount += other.zeroCount
    squares += other.squares
    signByteCount += other.signByteCount
    zlib = sum(zlib, other.zlib)
    zstd = sum(zstd, other.zstd)
    signZlib = sum(signZlib, other.signZlib)
    signZstd = sum(signZstd, other.signZstd)
    signs.add(other.signs)
  }

  var complexity: WeightComplexity {
    func rate(_ compressed: Int?, of whole: Int) -> Double? {
      whole > 0 ? compressed.map { Double($0) / Double(whole) } : nil
    }
    return WeightComplexity(
      weightCount: weightCount, byteCount: byteCount,
      sparsity: weightCount > 0 ? Double(zeroCount) / Double(weightCount) : 0, l2Norm: squares.squareRoot(),
      zlibRate: rate(zlib, of: byteCount), zstdRate: rate(zstd, of: byteCount),
      signZlibRate: rate(signZlib, of: signByteCount), signZstdRate: rate(signZstd, of: signByteCount),
      blockDecomposition: signs.complexity)
  }
}
