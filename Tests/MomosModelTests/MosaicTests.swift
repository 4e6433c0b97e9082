import MomosModel
import Testing

struct MosaicTests {
  // By hand: 3-bit indices 5, 3, 7 are the bits 101 110 111 from the least significant on: 0b11_011_101, 0b1.
  @Test func rowsAreLittleEndianBitStrings() throws {
    let mosaic = try Mosaic(packing: [5, 3, 7], rowCount: 1, blockCount: 3, blockLength: 1, indexWidth: 3)
    #expect(mosaic.bytes.array(of: UInt8.self) == [0b1101_1101, 0b0000_0001])
  }

  @Test func everyRowBeginsAtAByte() throws {
    let mosaic = try Mosaic(packing: [1, 2], rowCount: 2, blockCount: 1, blockLength: 1, indexWidth: 9)
    #expect(mosaic.bytes.array(of: UInt8.self) == [1, 0, 2, 0])
  }

  @Test(arguments: 0...16)
  func packingAndUnpackingIsIdentity(indexWidth: Int) throws {
    var generator = SeededGenerator(seed: UInt64(indexWidth))
    let (rows, blocks) = (5, 37)
    let indices = (0..<rows * blocks).map { _ in UInt16(generator.nextIndex(below: 1 << indexWidth)) }
    let mosaic = try Mosaic(
      packing: indices, rowCount: rows, blockCount: blocks, blockLength: 1, indexWidth: indexWidth)
    #expect(mosaic.bytes.count == rows * ((blocks * indexWidth + 7) / 8))
    for row in 0..<rows {
      var unpacked = [UInt16](repeating: 0xAAAA, count: blocks)
      var span = unpacked.mutableSpan
      #expect(mosaic.unpackRow(row, into: &span) == 0)
      #expect(unpacked == Array(indices[row * blocks..<(row + 1) * blocks]))
    }
  }

  @Test func spareBitsAreReported() throws {
    let bytes = try Bytes(copying: [0b1100_0101] as [UInt8])
    let mosaic = Mosaic(
      rowCount: 1, blockCount: 2, blockLength: 1, indexWidth: 3, layout: .rowMajor, bytes: bytes)
    var unpacked = [UInt16](repeating: 0, count: 2)
    var span = unpacked.mutableSpan
    #expect(mosaic.unpackRow(0, into: &span) == 0b11)
    #expect(unpacked == [5, 0])
  }
}

/// The tile layouts against positions worked out by hand from the spec.
struct TileLayoutTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let layout: IndexLayout
    let indexWidth: Int
    let blockLength: Int
    var testDescription: String { "\(layout) s\(blockLength)" }
  }

  static let cases = [(IndexLayout.tileK256, 8), (.tileK16, 4), (.tileK64, 6)].flatMap { layout, width in
    [2, 4, 8, 16].map { Case(layout: layout, indexWidth: width, blockLength: $0) }
  }

  @Test(arguments: cases, [(1, 1), (130, 37), (300, 130), (257, 16)])
  func packingAndUnpackingIsIdentity(form: Case, size: (rows: Int, blocks: Int)) throws {
    var generator = SeededGenerator(seed: 9)
    let indices = (0..<size.rows * size.blocks).map { _ in
      UInt16(generator.nextIndex(below: 1 << form.indexWidth))
    }
    let mosaic = try Mosaic(
      packing: indices, rowCount: size.rows, blockCount: size.blocks, blockLength: form.blockLength,
      indexWidth: form.indexWidth, layout: form.layout)
    let plain = try mosaic.rearranged(to: .rowMajor)
    let expected = try Mosaic(
      packing: indices, rowCount: size.rows, blockCount: size.blocks, blockLength: form.blockLength,
      indexWidth: form.indexWidth)
    #expect(plain == expected)
    #expect(try plain.rearranged(to: form.layout) == mosaic)
  }

  /// The byte positions at which a mosaic of one index that is not zero is not zero.
  private func positions(
    _ layout: IndexLayout, width: Int, blockLength: Int, rows: Int, blocks: Int, row: Int, block: Int,
    index: UInt16
  ) throws -> [Int: UInt8] {
    var indices = [UInt16](repeating: 0, count: rows * blocks)
    indices[row * blocks + block] = index
    let bytes = try Mosaic(
      packing: indices, rowCount: rows, blockCount: blocks, blockLength: blockLength, indexWidth: width,
      layout: layout
    ).bytes.array(of: UInt8.self)
    return Dictionary(uniqueKeysWithValues: bytes.enumerated().filter { $0.element != 0 }.map { ($0, $1) })
  }

  @Test func k256Positions() throws {
    // s = 16: 16 blocks a group. 300 rows: a tile of 256, one of 64 (44 and padding); 20 blocks: groups of 16 and 4.
    // Row 290 is row 34 of the second tile: byte 2 * (34 - 32) + 1 of its strip. Block 18 is block 2 of group 1.
    let found = try positions(
      .tileK256, width: 8, blockLength: 16, rows: 300, blocks: 20, row: 290, block: 18, index: 200)
    #expect(found == [16 * 320 + 4 * 256 + 2 * 64 + 5: 200])
  }

  @Test func k16Positions() throws {
    // s = 2: 128 blocks, 16 bundles a group. 140 rows: tiles of 128 and 16; 133 blocks: 16 bundles and 1.
    // Row 130 is row 2 of the second tile; block 5 is in bundle 0, byte 1, high nibble.
    let found = try positions(
      .tileK16, width: 4, blockLength: 2, rows: 140, blocks: 133, row: 130, block: 5, index: 9)
    #expect(found == [128 * 4 * 16 + 2 * 4 + 1: 0x90])
    // Block 130 is block 2 of the only bundle of group 1; row 3 is in tile 0.
    let second = try positions(
      .tileK16, width: 4, blockLength: 2, rows: 140, blocks: 133, row: 3, block: 130, index: 9)
    #expect(second == [16 * 4 * 144 + 3 * 4 + 2: 0x09])
  }

  @Test func k64Positions() throws {
    // s = 8: 32 blocks, 8 bundles a group. Row 65 is row 1 of the second strip; block 7 is block 3 of bundle 1.
    // 0b100111: bits 0 and 1 in line 0, 2 and 3 in line 1, 4 and 5 in line 2, each as top two bits.
    let found = try positions(
      .tileK64, width: 6, blockLength: 8, rows: 128, blocks: 32, row: 65, block: 7, index: 0b10_01_11)
    let strip = 1 * 128 * 3 + 64 * 3
    #expect(found == [strip + 2: 0b1100_0000, strip + 64 + 2: 0b0100_0000, strip + 128 + 2: 0b1000_0000])
    let other = try positions(
      .tileK64, width: 6, blockLength: 8, rows: 128, blocks: 32, row: 65, block: 6, index: 0b10_01_11)
    #expect(other == [strip + 128 + 2: 0b10_0111])
  }

  @Test func smallMatricesStayRowMajor() {
    #expect(IndexLayout.preferred(rowCount: 10, indexWidth: 8, blockLength: 4) == .rowMajor)
    #expect(IndexLayout.preferred(rowCount: 128, indexWidth: 8, blockLength: 4) == .tileK256)
    #expect(IndexLayout.preferred(rowCount: 128, indexWidth: 7, blockLength: 4) == .rowMajor)
    #expect(IndexLayout.preferred(rowCount: 128, indexWidth: 6, blockLength: 3) == .rowMajor)
  }
}
