import CMomosKernels

/// Finds the motifs of whole rows of blocks, where the choice for one block changes what the next ones have to fit:
/// because motifs overlap, or because later weights make good for the errors of earlier ones.
///
/// - Overlapping motifs without feedback, at most 256 of them: the path of least squared error (Viterbi's algorithm).
/// - Plain motifs without feedback: the nearest motif of every block.
/// - Otherwise the best of `survivorCount` surviving paths, each with targets of its own (momos_fit.h says how).
///
/// Columns beyond the row's end cost nothing. Results depend neither on the thread count nor on the instruction set.
@safe
public struct PathSearch: Sendable {
  public let motifCount: Int
  public let blockLength: Int
  public let columns: Int
  private let method: Method
  private let takesZeros: Bool

  /// Most motifs whose paths are all kept.
  private static let mostExactMotifs = 256

  private enum Method: Sendable {
    case nearest(whole: MotifSearch, last: MotifSearch?)
    case paths(PathTables)
  }

  /// - Parameters:
  ///   - motifs: `[motifCount, motifLength]`, finite, both signs of antipodal ones. The motif length is the block
  ///     length, or twice that if motifs overlap.
  ///   - blockLength: with the motif count what `suits` says; anything for plain motifs without feedback.
  ///   - columns: of the rows, at least 1.
  ///   - feedback: for inputs of as many columns; nil leaves the targets as they are.
  ///   - survivorCount: 1 or more. 16 is fast, 32 good, 64 is for high rates.
  ///   - lookahead: what the squared norm of the next target counts in the choice of survivors; about the share of
  ///     the squared error that is left, so .08, .025, .006 at 2, 3, 4 bits.
  public init(
    motifs: [Float], motifCount: Int, blockLength: Int, isOverlapping: Bool, columns: Int,
    feedback: ErrorFeedback?,
    survivorCount: Int = 32, lookahead: Float
  ) {
    let motifLength = isOverlapping ? 2 * blockLength : blockLength
    precondition(
      feedback == nil && !isOverlapping || Self.suits(motifCount: motifCount, blockLength: blockLength))
    precondition(motifs.count == motifCount * motifLength && columns > 0 && survivorCount > 0)
    precondition(feedback == nil || feedback!.columns == columns)
    self.motifCount = motifCount
    self.blockLength = blockLength
    self.columns = columns
    takesZeros = feedback != nil && !isOverlapping && motifs.prefix(motifLength).allSatisfy { $0 == 0 }
    if feedback == nil && !isOverlapping {
      method = Self.nearest(motifs, motifCount: motifCount, blockLength: blockLength, columns: columns)
    } else {
      let isExact = feedback == nil && motifCount <= Self.mostExactMotifs
      method = .paths(
        PathTables(
          motifs: motifs, motifCount: motifCount, blockLength: blockLength, isOverlapping: isOverlapping,
          columns: columns, feedback: feedback, survivorCount: isExact ? nil : survivorCount,
          lookahead: lookahead))
    }
  }

  /// Whether paths of such motifs can be searched, which overlapping motifs and feedback need.
  public static func suits(motifCount: Int, blockLength: Int) -> Bool {
    (1...4096).contains(motifCount) && (1...Int(MOMOS_PATH_MOST_BLOCK)).contains(blockLength)
  }

  private static func nearest(_ motifs: [Float], motifCount: Int, blockLength: Int, columns: Int) -> Method {
    let rest = columns % blockLength
    let starts = (0..<motifCount).flatMap { motif in motifs[motif * blockLength..<motif * blockLength + rest]
    }
    return .nearest(
      whole: MotifSearch(motifs: motifs, motifCount: motifCount, length: blockLength),
      last: rest == 0 ? nil : MotifSearch(motifs: starts, motifCount: motifCount, length: rest))
  }

  public var blocksPerRow: Int { (columns + blockLength - 1) / blockLength }

  /// The motif indices `[count, blocksPerRow]` of rows `[count, columns]`, finite, on the calling thread.
  ///
  /// - Parameter zeros: `[count, blocksPerRow]`, 1 for blocks that take motif 0, which is zeros, whatever their weights are;
  ///   with feedback and plain motifs only.
  public func encode(_ rows: Span<Float>, zeros: Span<UInt8>? = nil) -> [UInt16] {
    let count = rows.count / columns
    precondition(rows.count == count * columns)
    precondition(zeros == nil || takesZeros && zeros!.count == count * blocksPerRow)
    var indices = [UInt16](repeating: 0, count: count * blocksPerRow)
    switch method {
    case .nearest(let whole, let last): encode(rows, count: count, whole: whole, last: last, into: &indices)
    case .paths(let tables):
      tables.encode(rows, zeros: zeros, count: count, blocks: blocksPerRow, into: &indices)
    }
    return indices
  }

  /// The same, the rows spread over all threads.
  public func encode(_ rows: [Float], zeros: [UInt8]? = nil, pool: ThreadPool) -> [UInt16] {
    let count = rows.count / columns
    precondition(rows.count == count * columns)
    let chunk = Int(MOMOS_PATH_ROWS)
    let chunks = pool.map(taskCount: (count + chunk - 1) / chunk) { task in
      let range = task * chunk..<min((task + 1) * chunk, count)
      let part = rows.span.extracting(range.lowerBound * columns..<range.upperBound * columns)
      guard let zeros else { return encode(part) }
      let partZeros = zeros.span.extracting(
        range.lowerBound * blocksPerRow..<range.upperBound * blocksPerRow)
      return encode(part, zeros: partZeros)
    }
    return Array(chunks.joined())
  }

  private func encode(
    _ rows: Span<Float>, count: Int, whole: MotifSearch, last: MotifSearch?, into indices: inout [UInt16]
  ) {
    let wholeColumns = columns / blockLength * blockLength
    for row in 0..<count {
      let start = row * columns
      let nearest = whole.nearest(to: rows.extracting(start..<start + wholeColumns)).indices
      indices.replaceSubrange(row * blocksPerRow..<row * blocksPerRow + nearest.count, with: nearest)
      guard let last else { continue }
      indices[row * blocksPerRow + nearest.count] =
        last.nearest(to: rows.extracting(start + wholeColumns..<start + columns)).indices[0]
    }
  }
}
