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
    let namedCount = dictionary.isAntipodal ? 2 * dictionary.storedMotifCount : dictionary.storedMotifCount
    let everyIndexIsNamed = namedCount == dictionary.tableCount
    if let tiles = mosaic.tiles {
      if !everyIndexIsNamed { try checkIndices(tiles) }
      try checkPadding(tiles)
    } else {
      if !everyIndexIsNamed { try checkIndices() }
      try checkSpareBits()
    }
  }

  /// M-13 of a tile layout: rows beyond the last and blocks beyond the last have index 0.
  private func checkPadding(_ tiles: TiledIndices) throws(FormatError) {
    let bytes = mosaic.bytes.span(of: UInt8.self)
    for row in 0..<tiles.paddedRowCount {
      let firstBlock = row < mosaic.rowCount ? mosaic.blockCount : 0
      for block in firstBlock..<tiles.paddedBlockCount
      where tiles.index(row: row, block: block, in: bytes) != 0 {
        throw FormatError(
          .m13, at: "\(place), row \(row), block \(block)", expected: "padding of index 0",
          found: "\(tiles.index(row: row, block: block, in: bytes))")
      }
    }
  }

  /// M-12 of a tile layout.
  private func checkIndices(_ tiles: TiledIndices) throws(FormatError) {
    let bytes = mosaic.bytes.span(of: UInt8.self)
    for row in 0..<mosaic.rowCount {
      for block in 0..<mosaic.blockCount {
        let index = tiles.index(row: row, block: block, in: bytes)
        guard dictionary.contains(index: Int(index)) else {
          throw FormatError(
            .m12, at: "\(place), row \(row), block \(block)",
            expected: "an index that names one of \(dictionary.storedMotifCount) stored motifs",
            found: "\(index)")
        }
      }
    }
  }

  private var rowByteCount: Int {
    IndexLayout.rowByteCount(blockCount: mosaic.blockCount, indexWidth: mosaic.indexWidth)
  }

  /// M-13: the highest bits of each row's last byte.
  private func checkSpareBits() throws(FormatError) {
    let usedBitCount = mosaic.blockCount * mosaic.indexWidth % 8
    if usedBitCount == 0 { return }
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
    // Without the sign, an index is the number of a stored motif.
    let mask = UInt64((dictionary.tableCount - 1) & ~dictionary.signBit)
    let limit = UInt64(dictionary.storedMotifCount)
    let bytes = mosaic.bytes.bytes
    for row in 0..<mosaic.rowCount {
      let largest = largestIndex(in: bytes, from: row * rowByteCount, mask: mask)
      guard largest < limit else { throw failure(row: row, mask: mask) }
    }
  }

  /// The largest masked index of the row that starts at byte `start`.
  private func largestIndex(in bytes: RawSpan, from start: Int, mask: UInt64) -> UInt64 {
    let width = mosaic.indexWidth
    var largest: UInt64 = 0
    var block = 0
    // Four indices start at bit 0 or 4 of a byte and end within the 64 bits from there: 4 + 4 * 15, or 4 * 16.
    while block + 4 <= mosaic.blockCount, start + block * width / 8 + 8 <= bytes.byteCount {
      let word = unsafe bytes.unsafeLoadUnaligned(
        fromByteOffset: start + block * width / 8, as: UInt64.self)
      var indices = UInt64(littleEndian: word) >> UInt64(block * width % 8)
      for _ in 0..<4 {
        largest = max(largest, indices & mask)
        indices >>= UInt64(width)
      }
      block += 4
    }
    while block < mosaic.blockCount {
      largest = max(largest, index(in: bytes, from: start, block: block) & mask)
      block += 1
    }
    return largest
  }

  /// One index, byte by byte; may have bits of its neighbour above it.
  private func index(in bytes: RawSpan, from start: Int, block: Int) -> UInt64 {
    let firstBit = block * mosaic.indexWidth
    let lastByte = (firstBit + mosaic.indexWidth - 1) / 8
    var value: UInt64 = 0
    for position in (firstBit / 8...lastByte).reversed() {
      value = value << 8 | UInt64(unsafe bytes.unsafeLoad(fromByteOffset: start + position, as: UInt8.self))
    }
    return value >> UInt64(firstBit % 8)
  }

  private func failure(row: Int, mask: UInt64) -> FormatError {
    var indices = [UInt16](repeating: 0, count: mosaic.blockCount)
    var span = indices.mutableSpan
    mosaic.unpackRow(row, into: &span)
    let block = indices.firstIndex { UInt64($0) & mask >= dictionary.storedMotifCount } ?? 0
    return FormatError(
      .m12, at: "\(place), row \(row), block \(block)",
      expected: "an index that names one of \(dictionary.storedMotifCount) stored motifs",
      found: "\(indices[block])")
  }
}
