/// The map of motif indices of one stage, `[rowCount, blockCount]`.
public struct Mosaic: Sendable, Hashable {
  public let rowCount: Int
  /// Blocks of one row.
  public let blockCount: Int
  /// Bits of one index, 0 to 16.
  public let indexWidth: Int
  public let layout: IndexLayout
  public let bytes: Bytes

  /// `bytes.count` must be what the layout needs.
  public init(rowCount: Int, blockCount: Int, indexWidth: Int, layout: IndexLayout, bytes: Bytes) {
    precondition((0...16).contains(indexWidth))
    precondition(
      bytes.count == layout.byteCount(rowCount: rowCount, blockCount: blockCount, indexWidth: indexWidth))
    self.rowCount = rowCount
    self.blockCount = blockCount
    self.indexWidth = indexWidth
    self.layout = layout
    self.bytes = bytes
  }

  /// Packs indices `[rowCount, blockCount]`, each below 2^indexWidth, in the row-major layout.
  public init(packing indices: [UInt16], rowCount: Int, blockCount: Int, indexWidth: Int) throws(ModelError) {
    precondition(indices.count == rowCount * blockCount)
    let rowByteCount = IndexLayout.rowByteCount(blockCount: blockCount, indexWidth: indexWidth)
    var buffer = try MutableBytes(byteCount: rowCount * rowByteCount)
    var target = buffer.mutableSpan(of: UInt8.self)
    if indexWidth > 0 {
      for row in 0..<rowCount {
        let rowIndices = indices.span.extracting(row * blockCount..<(row + 1) * blockCount)
        IndexLayout.packRow(rowIndices, indexWidth: indexWidth, into: &target, at: row * rowByteCount)
      }
    }
    self.init(
      rowCount: rowCount, blockCount: blockCount, indexWidth: indexWidth, layout: .rowMajor,
      bytes: buffer.freeze())
  }

  /// Writes the indices of one row to `indices`, which must hold `blockCount` elements.
  /// - Returns: the padding bits behind the row, zero in a valid file.
  @discardableResult
  public func unpackRow(_ row: Int, into indices: inout MutableSpan<UInt16>) -> UInt32 {
    precondition(row >= 0 && row < rowCount && indices.count == blockCount)
    if indexWidth == 0 {
      indices.update(repeating: 0)
      return 0
    }
    let rowByteCount = IndexLayout.rowByteCount(blockCount: blockCount, indexWidth: indexWidth)
    return IndexLayout.unpackRow(
      bytes.span(of: UInt8.self), at: row * rowByteCount, indexWidth: indexWidth, into: &indices)
  }
}
