import MomosModel

/// Proves that no weight belongs to two parts (M-07).
///
/// Two parts overlap exactly if they share a row and a column. For rows, and likewise for columns, a bit matrix
/// `[parts, parts]` notes which parts share one: the parts of each row are collected and merged into each
/// other's bits. With p parts and n entries in all lists: O(n log n + n * p / 64 + p * p / 64) time,
/// O(n + p * p / 64) memory.
struct PartDisjointness {
  let parts: [MosaicPart]
  let place: String

  func check() throws(FormatError) {
    if parts.count < 2 { return }
    let rows = meetings(parts.map(\.rows))
    let columns = meetings(parts.map(\.columns))
    for part in parts.indices {
      for word in 0..<rows.wordCount {
        var common = rows[part, word] & columns[part, word]
        if word == part / 64 { common &= ~(1 << UInt64(part % 64)) }
        guard common == 0 else {
          throw FormatError(
            .m07, at: place, expected: "disjoint parts",
            found: "a weight of both part \(part + 1) and part \(word * 64 + common.trailingZeroBitCount + 1)"
          )
        }
      }
    }
  }

  /// Which parts share a number of their lists; a part without a list (nil) shares one with all.
  private func meetings(_ lists: [[Int]?]) -> BitMatrix {
    var matrix = BitMatrix(size: lists.count)
    var entries: [UInt64] = []
    for (part, list) in lists.enumerated() {
      guard let list else {
        for other in lists.indices { matrix.set(part, other) }
        for other in lists.indices { matrix.set(other, part) }
        continue
      }
      // Numbers are below 2^31 and parts below 2^12.
      for number in list { entries.append(UInt64(number) << 12 | UInt64(part)) }
    }
    entries.sort()
    var start = 0
    while start < entries.count {
      var end = start + 1
      while end < entries.count, entries[end] >> 12 == entries[start] >> 12 { end += 1 }
      if end - start > 1 { matrix.join(entries[start..<end].map { Int($0 & 0xFFF) }) }
      start = end
    }
    return matrix
  }
}

/// A square matrix of bits, each row in words of 64.
private struct BitMatrix {
  let wordCount: Int
  private var words: [UInt64]

  init(size: Int) {
    wordCount = (size + 63) / 64
    words = [UInt64](repeating: 0, count: size * wordCount)
  }

  subscript(row: Int, word: Int) -> UInt64 { words[row * wordCount + word] }

  mutating func set(_ row: Int, _ column: Int) {
    words[row * wordCount + column / 64] |= 1 << UInt64(column % 64)
  }

  /// Sets the bits of every pair of `members`.
  mutating func join(_ members: [Int]) {
    var union = [UInt64](repeating: 0, count: wordCount)
    for member in members { union[member / 64] |= 1 << UInt64(member % 64) }
    for member in members {
      for word in 0..<wordCount { words[member * wordCount + word] |= union[word] }
    }
  }
}
