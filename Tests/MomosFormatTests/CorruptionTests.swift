import MomosModel
import Testing

@testable import MomosFormat

/// Damage anywhere in a file is noticed.
struct CorruptionTests {
  private static func isRefused(_ bytes: [UInt8]) -> Bool {
    do {
      try MomosReader(bytes).checkAll()
      return false
    } catch {
      return error is FormatError
    }
  }

  @Test func everyTruncationOfTheSmallestFileIsRefused() throws {
    let bytes = try WorkedExample.bytes()
    for count in bytes.indices {
      #expect(Self.isRefused(Array(bytes[..<count])), "\(count) bytes")
    }
  }

  @Test func everyFlippedBitOfTheSmallestFileIsRefused() throws {
    let bytes = try WorkedExample.bytes()
    for bit in 0..<8 * bytes.count {
      var changed = bytes
      changed[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(Self.isRefused(changed), "bit \(bit)")
    }
  }

  /// Damaged headers whose digests agree reach the parser and every check: any outcome but a crash.
  @Test func everyFlippedBitOfASealedHeaderIsRefusedOrHarmless() throws {
    let bytes = try SampleModel.bytes()
    let preamble = try Preamble(reading: try Bytes(copying: bytes))
    let header = Array(bytes[preamble.headerOffset...])
    let sections = Array(bytes[..<preamble.headerOffset])
    var refused = 0
    for bit in 0..<8 * header.count {
      var changed = header
      changed[bit / 8] ^= 1 << UInt8(bit % 8)
      let sealed = Preamble(
        headerOffset: preamble.headerOffset, headerByteCount: changed.count,
        headerDigest: xxh3(try Bytes(copying: changed)))
      var file = sections + changed
      file.replaceSubrange(0..<64, with: try sealed.encoded())
      if Self.isRefused(file) { refused += 1 }
    }
    #expect(refused > 4 * header.count)
  }

  /// Random bytes with valid digests as header: refused, whatever they are.
  @Test func randomHeadersAreRefused() throws {
    var generator = SeededGenerator(seed: 8)
    for _ in 0..<2000 {
      let header = (0..<1 + generator.nextIndex(below: 200)).map { _ in
        // Field numbers 1 to 7 with wire type 2 are frequent, so that messages nest.
        generator.next() & 3 == 0
          ? UInt8(8 * (1 + generator.nextIndex(below: 7)) + 2)
          : UInt8(truncatingIfNeeded: generator.next() & 31)
      }
      let preamble = Preamble(
        headerOffset: 64, headerByteCount: header.count, headerDigest: xxh3(try Bytes(copying: header)))
      _ = Self.isRefused(try preamble.encoded() + header)
    }
  }
}
