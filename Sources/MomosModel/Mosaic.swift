/// The map of motif indices of one stage, `[rowCount, blockCount]`.
public struct Mosaic: Sendable, Hashable {
  public let rowCount: Int
  /// Blocks of one row.
  public let blockCount: Int
  /// Weights in a block; decides the groups of a tile layout, nothing else.
  public let blockLength: Int
  /// Bits of one index, 0 to 16.
  public let indexWidth: Int
  public let layout: IndexLayout
  public let bytes: Bytes

  /// `bytes.count` must be what the layout needs, and the layout must suit the width and block length.
  public init(
    rowCount: Int, blockCount: Int, blockLength: Int, indexWidth: Int, layout: IndexLayout, bytes: Bytes
  ) {
    precondition(layout.suits(indexWidth: indexWidth, blockLength: blockLength))
    precondition(
      bytes.count == layout.byteCount(rowCount: rowCount, blockCount: blockCount, indexWidth: indexWidth))
    self.rowCount = rowCount
    self.blockCount = blockCount
    self.blockLength = blockLength
    self.indexWidth = indexWidth
    self.layout = layout
    self.bytes = bytes
  }

  /// Packs indices `[rowCount, blockCount]`, each below 2^indexWidth.
  public init(
    packing indices: [UInt16], rowCount: Int, blockCount: Int, blockLength: Int, indexWidth: Int,
    layout: IndexLayout = .rowMajor
  ) throws(ModelError) {
    precondition(indices.count == rowCount * blockCount)
    var buffer = try MutableBytes(
      byteCount: layout.byteCount(rowCount: rowCount, blockCount: blockCount, indexWidth: indexWidth))
    var target = buffer.mutableSpan(of: UInt8.self)
    let tiles = TiledIndices(
      layout: layout, rowCount: rowCount, blockCount: blockCount, blockLength: blockLength)
    if let tiles {
      for row in 0..<rowCount {
        for block in 0..<blockCount {
          tiles.set(indices[row * blockCount + block], row: row, block: block, in: &target)
        }
      }
    } else if indexWidth > 0 {
      let rowByteCount = IndexLayout.rowByteCount(blockCount: blockCount, indexWidth: indexWidth)
      for row in 0..<rowCount {
        let rowIndices = indices.span.extracting(row * blockCount..<(row + 1) * blockCount)
        RowBits.pack(rowIndices, indexWidth: indexWidth, into: &target, at: row * rowByteCount)
      }
    }
    self.init(
      rowCount: rowCount, blockCount: blockCount, blockLength: blockLength, indexWidth: indexWidth,
      layout: layout, bytes: buffer.freeze())
  }

  /// Where the indices lie in a tile layout; nil for the row-major one.
  public var tiles: TiledIndices? {
    TiledIndices(layout: layout, rowCount: rowCount, blockCount: blockCount, blockLength: blockLength)
  }

  /// Writes the indices of one row to `indices`, which must hold `blockCount` elements.
  /// - Returns: the padding bits behind a row of the row-major layout, zero in a valid file.
  @discardableResult
  public func unpackRow(_ row: Int, into indices: inout MutableSpan<UInt16>) -> UInt32 {
    precondition(row >= 0 && row < rowCount && indices.count == blockCount)
    if indexWidth == 0 {
      indices.update(repeating: 0)
      return 0
    }
    let source = bytes.span(of: UInt8.self)
    if let tiles {
      tiles.unpackRow(row, in: source, into: &indices)
      return 0
    }
    let rowByteCount = IndexLayout.rowByteCount(blockCount: blockCount, indexWidth: indexWidth)
    return RowBits.unpack(source, at: row * rowByteCount, indexWidth: indexWidth, into: &indices)
  }

  /// One index; use `unpackRow` for whole rows.
  public func index(row: Int, block: Int) -> UInt16 {
    precondition(row >= 0 && row < rowCount && block >= 0 && block < blockCount)
    guard indexWidth > 0 else { return 0 }
    let source = bytes.span(of: UInt8.self)
    if let tiles { return tiles.index(row: row, block: block, in: source) }
    let rowByteCount = IndexLayout.rowByteCount(blockCount: blockCount, indexWidth: indexWidth)
    return RowBits.index(source, at: row * rowByteCount, block: block, indexWidth: indexWidth)
  }

  /// The same indices in another layout; itself if it has that layout already.
  public func rearranged(to layout: IndexLayout) throws(ModelError) -> Mosaic {
    if layout == self.layout { return self }
    var indices: [UInt16] = []
    indices.reserveCapacity(rowCount * blockCount)
    var row = [UInt16](repeating: 0, count: blockCount)
    for number in 0..<rowCount {
      var span = row.mutableSpan
      unpackRow(number, into: &span)
      indices += row
    }
    return try Mosaic(
      packing: indices, rowCount: rowCount, blockCount: blockCount, blockLength: blockLength,
      indexWidth: indexWidth, layout: layout)
  }
}
