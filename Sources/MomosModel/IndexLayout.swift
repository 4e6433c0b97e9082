/// How the motif indices of a mosaic lie in memory. Raw values are those of the spec.
///
/// The only place that knows packing, unpacking and offsets.
public enum IndexLayout: Int, Sendable, Hashable, Codable {
  /// Row after row; each row is a little-endian bit string of indices, padded with zero bits to a byte.
  case rowMajor = 0

  /// Bytes of one row of `blockCount` indices of `indexWidth` bits.
  public static func rowByteCount(blockCount: Int, indexWidth: Int) -> Int {
    (blockCount * indexWidth + 7) / 8
  }

  /// Bytes of a whole mosaic. The product must not overflow (spec limits ensure it).
  public func byteCount(rowCount: Int, blockCount: Int, indexWidth: Int) -> Int {
    rowCount * Self.rowByteCount(blockCount: blockCount, indexWidth: indexWidth)
  }

  /// Packs one row.
  static func packRow(
    _ indices: Span<UInt16>, indexWidth: Int, into bytes: inout MutableSpan<UInt8>, at start: Int
  ) {
    if indexWidth == 8 {
      for block in indices.indices { bytes[start + block] = UInt8(truncatingIfNeeded: indices[block]) }
      return
    }
    var pending: UInt32 = 0
    var pendingCount = 0
    var position = start
    for block in indices.indices {
      pending |= UInt32(indices[block]) << UInt32(pendingCount)
      pendingCount += indexWidth
      while pendingCount >= 8 {
        bytes[position] = UInt8(truncatingIfNeeded: pending)
        pending >>= 8
        pendingCount -= 8
        position += 1
      }
    }
    if pendingCount > 0 { bytes[position] = UInt8(truncatingIfNeeded: pending) }
  }

  /// Unpacks one row of `indices.count` indices; returns the padding bits, which a valid row has zero.
  static func unpackRow(
    _ bytes: Span<UInt8>, at start: Int, indexWidth: Int, into indices: inout MutableSpan<UInt16>
  ) -> UInt32 {
    if indexWidth == 8 {
      for block in indices.indices { indices[block] = UInt16(bytes[start + block]) }
      return 0
    }
    let mask = (UInt32(1) << UInt32(indexWidth)) - 1
    var pending: UInt32 = 0
    var pendingCount = 0
    var position = start
    for block in indices.indices {
      while pendingCount < indexWidth {
        pending |= UInt32(bytes[position]) << UInt32(pendingCount)
        pendingCount += 8
        position += 1
      }
      indices[block] = UInt16(truncatingIfNeeded: pending & mask)
      pending >>= UInt32(indexWidth)
      pendingCount -= indexWidth
    }
    return pending
  }
}
