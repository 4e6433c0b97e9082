import CMomosKernels
import MomosModel

/// Finds for each block the motif with the smallest squared distance; ties go to the lowest index.
///
/// Results depend neither on the thread count nor on the instruction set.
@safe
public struct MotifSearch: Sendable {
  public let motifCount: Int
  public let length: Int
  private let transposed: [Float]
  private let halfNorms: [Float]

  /// - Parameter motifs: `[motifCount, length]`, finite; 1 to 65,536 motifs of length 1 to 128.
  public init(motifs: [Float], motifCount: Int, length: Int) {
    precondition((1...65_536).contains(motifCount) && (1...Int(MOMOS_MOST_SEARCHED_LENGTH)).contains(length))
    precondition(motifs.count == motifCount * length)
    self.motifCount = motifCount
    self.length = length
    transposed = transposedMotifs(motifs, count: motifCount, length: length)
    var halfNorms = [Float](repeating: .infinity, count: paddedMotifCount(motifCount))
    for motif in 0..<motifCount {
      var norm: Float = 0
      for offset in 0..<length { norm += motifs[motif * length + offset] * motifs[motif * length + offset] }
      halfNorms[motif] = norm / 2
    }
    self.halfNorms = halfNorms
  }

  /// The nearest motif of each of the blocks `[count, length]`, on the calling thread.
  /// - Returns: indices, and scores: `dot(block, motif) - |motif|^2 / 2`, so that the squared distance is
  ///   `|block|^2 - 2 * score`.
  /// - Complexity: O(count * motifCount * length).
  public func nearest(to blocks: Span<Float>) -> (indices: [UInt16], scores: [Float]) {
    let count = blocks.count / length
    precondition(blocks.count == count * length)
    var indices = [UInt16](repeating: 0, count: count)
    var scores = [Float](repeating: 0, count: count)
    guard count > 0 else { return (indices, scores) }
    unsafe blocks.withUnsafeBufferPointer { buffer in
      unsafe InstructionSet.table.nearest_motifs(
        buffer.baseAddress!, count, length, transposed, halfNorms, halfNorms.count, &indices, &scores)
    }
    return (indices, scores)
  }
}
