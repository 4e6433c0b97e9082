/// Where the indices of a mosaic in a tile layout lie, padding included.
public struct TiledIndices {
  private let layout: IndexLayout
  private let shape: TileShape
  private let groupBundleCount: Int
  private let bundleCount: Int
  /// Rows with those that pad the last strip.
  public let paddedRowCount: Int
  /// Blocks of a row with those that pad the last bundle.
  public let paddedBlockCount: Int

  /// nil for the row-major layout. `blockLength` must suit the layout.
  public init?(layout: IndexLayout, rowCount: Int, blockCount: Int, blockLength: Int) {
    guard let shape = TileShape(layout) else { return nil }
    self.layout = layout
    self.shape = shape
    groupBundleCount = IndexLayout.groupColumnCount / blockLength / shape.bundleLength
    bundleCount = shape.bundleCount(blockCount)
    paddedRowCount = shape.paddedRowCount(rowCount)
    paddedBlockCount = bundleCount * shape.bundleLength
  }

  /// The index of a row and block, padding included.
  public func index(row: Int, block: Int, in bytes: Span<UInt8>) -> UInt16 {
    let strip = stripOffset(row: row, bundle: block / shape.bundleLength)
    let rowInStrip = row % shape.stripRowCount
    let place = strip + (layout == .tileK16 ? rowInStrip * 4 : Self.interleaved(rowInStrip))
    return index(member: block % shape.bundleLength, at: place, in: bytes)
  }

  /// The indices of a row from block 0 on, as many as there are in `indices`, at most `paddedBlockCount`.
  func unpackRow(_ row: Int, in bytes: Span<UInt8>, into indices: inout MutableSpan<UInt16>) {
    let rowInStrip = row % shape.stripRowCount
    let first = layout == .tileK16 ? rowInStrip * 4 : Self.interleaved(rowInStrip)
    let groupLength = groupBundleCount * shape.bundleLength
    // The strips of a row in one group lie at equal distances.
    for start in stride(from: 0, to: indices.count, by: groupLength) {
      let bundle = start / shape.bundleLength
      var place = stripOffset(row: row, bundle: bundle) + first
      let step = rowsInTile(of: row) * shape.bytesPerRow
      for block in stride(from: start, to: min(start + groupLength, indices.count), by: shape.bundleLength) {
        let count = min(shape.bundleLength, indices.count - block)
        for member in 0..<count { indices[block + member] = index(member: member, at: place, in: bytes) }
        place += step
      }
    }
  }

  /// The index of a member of a bundle whose bytes for the row begin at `place`.
  private func index(member: Int, at place: Int, in bytes: Span<UInt8>) -> UInt16 {
    switch layout {
    case .rowMajor, .tileK256: return UInt16(bytes[place])
    case .tileK16:
      let pair = UInt16(bytes[place + member % 4])
      return member < 4 ? pair & 15 : pair >> 4
    case .tileK64:
      if member < 3 { return UInt16(bytes[place + 64 * member] & 63) }
      var value: UInt16 = 0
      for line in 0..<3 { value |= UInt16(bytes[place + 64 * line] >> 6) << UInt16(2 * line) }
      return value
    }
  }

  /// Sets an index that is zero so far.
  func set(_ index: UInt16, row: Int, block: Int, in bytes: inout MutableSpan<UInt8>) {
    let strip = stripOffset(row: row, bundle: block / shape.bundleLength)
    let member = block % shape.bundleLength
    let value = UInt8(truncatingIfNeeded: index)
    switch layout {
    case .rowMajor, .tileK256: bytes[strip + Self.interleaved(row % 64)] = value
    case .tileK16: bytes[strip + row % 16 * 4 + member % 4] |= value << UInt8(member / 4 * 4)
    case .tileK64:
      let place = strip + Self.interleaved(row % 64)
      if member < 3 {
        bytes[place + 64 * member] |= value
      } else {
        for line in 0..<3 { bytes[place + 64 * line] |= (value >> UInt8(2 * line) & 3) << 6 }
      }
    }
  }

  /// The first byte of the strip that holds a row of a bundle.
  private func stripOffset(row: Int, bundle: Int) -> Int {
    let (group, bundleInGroup) = bundle.quotientAndRemainder(dividingBy: groupBundleCount)
    let (tile, rowInTile) = row.quotientAndRemainder(dividingBy: shape.tileRowCount)
    let bundlesInGroup = min(groupBundleCount, bundleCount - group * groupBundleCount)
    let rowStep =
      group * groupBundleCount * paddedRowCount + tile * shape.tileRowCount * bundlesInGroup
      + bundleInGroup * rowsInTile(of: row) + rowInTile / shape.stripRowCount * shape.stripRowCount
    return rowStep * shape.bytesPerRow
  }

  /// Rows of the tile that holds a row, with those that pad its last strip.
  private func rowsInTile(of row: Int) -> Int {
    min(shape.tileRowCount, paddedRowCount - row / shape.tileRowCount * shape.tileRowCount)
  }

  /// The byte of a row in a strip of 64: rows 0 to 31 have the even bytes, rows 32 to 63 the odd ones.
  private static func interleaved(_ row: Int) -> Int { row < 32 ? 2 * row : 2 * row - 63 }
}
