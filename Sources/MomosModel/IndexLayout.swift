/// How the motif indices of a mosaic lie in memory (spec section 9). Raw values are those of the spec.
public enum IndexLayout: Int, Sendable, Hashable, Codable, CaseIterable {
  /// Row after row; each row is a little-endian bit string of indices, padded with zero bits to a byte.
  case rowMajor = 0
  /// Tiles of 256 rows for indices of 8 bits, as the table kernels stream them.
  case tileK256 = 1
  /// Tiles of 128 rows for indices of 4 bits.
  case tileK16 = 2
  /// Tiles of 256 rows for indices of 6 bits.
  case tileK64 = 3

  /// Columns of one group of the tile layouts.
  public static let groupColumnCount = 256

  /// Rows from which on a tile layout pays: its padding stays below half.
  public static let leastTiledRowCount = 128

  /// True if mosaics of this index width and block length may have this layout.
  public func suits(indexWidth: Int, blockLength: Int) -> Bool {
    switch self {
    case .rowMajor: (0...16).contains(indexWidth)
    case .tileK256: indexWidth == 8 && Self.tiledBlockLengths.contains(blockLength)
    case .tileK16: indexWidth == 4 && Self.tiledBlockLengths.contains(blockLength)
    case .tileK64: indexWidth == 6 && Self.tiledBlockLengths.contains(blockLength)
    }
  }

  private static let tiledBlockLengths: Set<Int> = [2, 4, 8, 16]

  /// The layout that kernels stream, where one suits and the rows are enough to fill its tiles.
  public static func preferred(rowCount: Int, indexWidth: Int, blockLength: Int) -> IndexLayout {
    guard rowCount >= leastTiledRowCount else { return .rowMajor }
    return allCases.first {
      $0 != .rowMajor && $0.suits(indexWidth: indexWidth, blockLength: blockLength)
    } ?? .rowMajor
  }

  /// Bytes of one row of the row-major layout.
  public static func rowByteCount(blockCount: Int, indexWidth: Int) -> Int {
    (blockCount * indexWidth + 7) / 8
  }

  /// Bytes of a whole mosaic. The product must not overflow (spec limits ensure it).
  public func byteCount(rowCount: Int, blockCount: Int, indexWidth: Int) -> Int {
    guard let tile = TileShape(self) else {
      return rowCount * Self.rowByteCount(blockCount: blockCount, indexWidth: indexWidth)
    }
    return tile.bundleCount(blockCount) * tile.bytesPerRow * tile.paddedRowCount(rowCount)
  }
}

/// The measures of a tile layout: `[group][row tile][bundle of the group][strip of the tile]`.
struct TileShape {
  /// Blocks that share the bytes of a row.
  let bundleLength: Int
  /// Bytes of one row of a bundle.
  let bytesPerRow: Int
  let stripRowCount: Int
  let tileRowCount: Int

  /// nil for the row-major layout.
  init?(_ layout: IndexLayout) {
    switch layout {
    case .rowMajor: return nil
    case .tileK256: (bundleLength, bytesPerRow, stripRowCount, tileRowCount) = (1, 1, 64, 256)
    case .tileK16: (bundleLength, bytesPerRow, stripRowCount, tileRowCount) = (8, 4, 16, 128)
    case .tileK64: (bundleLength, bytesPerRow, stripRowCount, tileRowCount) = (4, 3, 64, 256)
    }
  }

  func bundleCount(_ blockCount: Int) -> Int { (blockCount + bundleLength - 1) / bundleLength }

  func paddedRowCount(_ rowCount: Int) -> Int {
    (rowCount + stripRowCount - 1) / stripRowCount * stripRowCount
  }
}
