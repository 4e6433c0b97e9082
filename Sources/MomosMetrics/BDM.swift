import Glibc

/// The Block Decomposition Method of algorithmic complexity, for strings of bits in blocks of 12.
///
/// BDM = sum over distinct blocks of CTM(block) + log2(times it occurs), in bits; bits that do not fill a block are left
/// out. H. Zenil et al., "A Decomposition Method for Global Evaluation of Shannon Entropy and Local Estimations of
/// Algorithmic Complexity", Entropy 20(8), 605 (2018); the boundary condition is the one called "ignore" there.
public struct BDM: Sendable {
  /// By the number that the bits of a block form, the first one counting most.
  private var counts = [Int](repeating: 0, count: 1 << CTMTable.length)

  public init() {}

  /// Counts the whole blocks of a string; strings do not join.
  public mutating func add(_ bits: some Sequence<Bool>) {
    var block = 0
    var length = 0
    for bit in bits {
      block = block << 1 | (bit ? 1 : 0)
      length += 1
      guard length == CTMTable.length else { continue }
      counts[block] += 1
      (block, length) = (0, 0)
    }
  }

  /// Counts the blocks that another one counted.
  public mutating func add(_ other: BDM) {
    for block in counts.indices { counts[block] += other.counts[block] }
  }

  /// In bits; 0 without a whole block.
  public var complexity: Double {
    counts.indices.reduce(0.0) { sum, block in
      guard counts[block] > 0 else { return sum }
      return sum + CTMTable.complexity(of: block) + log2(Double(counts[block]))
    }
  }
}
