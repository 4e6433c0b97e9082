/// Indices of motifs of which half may be stored: the negative of stored motif i then has the index storedCount + i.
struct MotifSigns: Sendable {
  let storedCount: Int
  let isAntipodal: Bool

  /// Motifs by index.
  var count: Int { isAntipodal ? 2 * storedCount : storedCount }

  /// The stored motif of an index, and the sign it is used with.
  func stored(_ index: UInt16) -> (motif: Int, sign: Float) {
    let index = Int(index)
    return index < storedCount ? (index, 1) : (index - storedCount, -1)
  }

  /// The values of all motifs by index, from those that are stored.
  func expanded(_ stored: [Float]) -> [Float] {
    isAntipodal ? stored + stored.map { -$0 } : stored
  }

  /// Stored motifs `[storedCount, length]` in the order of their use, the most used first; a pinned zero motif stays
  /// in front. The high bytes of wide indices then compress.
  static func sorted(_ stored: [Float], byUse counts: [Int], length: Int, pinsZeroMotif: Bool) -> [Float] {
    let pinned = pinsZeroMotif ? 1 : 0
    let order = counts.indices.dropFirst(pinned).sorted { (-counts[$0], $0) < (-counts[$1], $1) }
    return stored.prefix(pinned * length) + order.flatMap { stored[$0 * length..<($0 + 1) * length] }
  }
}

extension FitClass.StageForm {
  var signs: MotifSigns { MotifSigns(storedCount: storedMotifCount, isAntipodal: isAntipodal) }
}
