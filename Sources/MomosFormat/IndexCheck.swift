import MomosModel

/// Proves that every index of a mosaic names a motif (M-12) and that its spare bits are zero (M-13).
///
/// O(bytes of the mosaic); O(rows) where every value of an index names a motif.
struct IndexCheck {
  let mosaic: Mosaic
  let dictionary: MotifDictionary
  let place: String

  func check() throws(FormatError) {
    if mosaic.indexWidth == 0 { return }
    try checkSpareBits()
    if dictionary.storedMotifCount << (dictionary.isAntipodal ? 1 : 0) == dictionary.tableCount { return }
    try checkIndices()
  }

  /// M-13: the highest bits of each row's last byte.
  private func checkSpareBits() throws(FormatError) {
    let usedBitCount = mosaic.blockCount * mosaic.indexWidth % 8
    if usedBitCount == 0 { return }
    let rowByteCount = mosaic.bytes.count / mosaic.rowCount
    let bytes = mosaic.bytes.span(of: UInt8.self)
    for row in 0..<mosaic.rowCount {
      let spare = bytes[(row + 1) * rowByteCount - 1] >> UInt8(usedBitCount)
      guard spare == 0 else {
        throw FormatError(.m13, at: "\(place), row \(row)", expected: "spare bits of zero", found: "\(spare)")
      }
    }
  }

  /// M-12.
  private func checkIndices() throws(FormatError) {
    let mask = UInt16(truncatingIfNeeded: ~dictionary.signBit)
    var indices = [UInt16](repeating: 0, count: mosaic.blockCount)
    for row in 0..<mosaic.rowCount {
      var span = indices.mutableSpan
      mosaic.unpackRow(row, into: &span)
      var largest: UInt16 = 0
      for block in span.indices { largest = max(largest, span[block] & mask) }
      guard largest < dictionary.storedMotifCount else {
        throw failure(row: row, indices: indices, mask: mask)
      }
    }
  }

  private func failure(row: Int, indices: [UInt16], mask: UInt16) -> FormatError {
    let block = indices.firstIndex { $0 & mask >= dictionary.storedMotifCount } ?? 0
    return FormatError(
      .m12, at: "\(place), row \(row), block \(block)",
      expected: "an index that names one of \(dictionary.storedMotifCount) stored motifs",
      found: "\(indices[block])")
  }
}
