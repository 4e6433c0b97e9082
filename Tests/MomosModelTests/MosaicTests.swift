import MomosModel
import Testing

struct MosaicTests {
  // By hand: 3-bit indices 5, 3, 7 are the bits 101 110 111 from the least significant on: 0b11_011_101, 0b1.
  @Test func rowsAreLittleEndianBitStrings() throws {
    let mosaic = try Mosaic(packing: [5, 3, 7], rowCount: 1, blockCount: 3, indexWidth: 3)
    #expect(mosaic.bytes.array(of: UInt8.self) == [0b1101_1101, 0b0000_0001])
  }

  @Test func everyRowBeginsAtAByte() throws {
    let mosaic = try Mosaic(packing: [1, 2], rowCount: 2, blockCount: 1, indexWidth: 9)
    #expect(mosaic.bytes.array(of: UInt8.self) == [1, 0, 2, 0])
  }

  @Test(arguments: 0...16)
  func packingAndUnpackingIsIdentity(indexWidth: Int) throws {
    var generator = SeededGenerator(seed: UInt64(indexWidth))
    let (rows, blocks) = (5, 37)
    let indices = (0..<rows * blocks).map { _ in UInt16(generator.nextIndex(below: 1 << indexWidth)) }
    let mosaic = try Mosaic(
      packing: indices, rowCount: rows, blockCount: blocks, indexWidth: indexWidth)
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
    let mosaic = Mosaic(rowCount: 1, blockCount: 2, indexWidth: 3, layout: .rowMajor, bytes: bytes)
    var unpacked = [UInt16](repeating: 0, count: 2)
    var span = unpacked.mutableSpan
    #expect(mosaic.unpackRow(0, into: &span) == 0b11)
    #expect(unpacked == [5, 0])
  }
}
