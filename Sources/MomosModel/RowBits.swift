/// Rows of the row-major layout: little-endian bit strings of indices.
enum RowBits {
  /// Packs one row.
  static func pack(
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
  static func unpack(
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

  /// One index of a row.
  static func index(_ bytes: Span<UInt8>, at start: Int, block: Int, indexWidth: Int) -> UInt16 {
    let bit = block * indexWidth
    var value: UInt32 = 0
    for position in bit / 8..<(bit + indexWidth + 7) / 8 {
      value |= UInt32(bytes[start + position]) << UInt32(8 * (position - bit / 8))
    }
    return UInt16(truncatingIfNeeded: value >> UInt32(bit % 8) & (1 << UInt32(indexWidth) - 1))
  }
}
