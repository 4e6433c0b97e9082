import MomosModel
import Testing

@testable import MomosFormat

struct PreambleTests {
  struct Change: Sendable, CustomTestStringConvertible {
    let rule: FormatRule
    let what: String
    /// New bytes at an offset of the preamble.
    let offset: Int
    let bytes: [UInt8]
    /// Whether the preamble's digest is made to agree.
    var isSealed = true

    var testDescription: String { "\(rule.rawValue) \(what)" }
  }

  static let changes: [Change] = [
    Change(rule: .f02, what: "high bit lost", offset: 0, bytes: [0x13]),
    Change(rule: .f02, what: "CR LF became LF", offset: 6, bytes: [0x0A]),
    Change(rule: .f03, what: "major 2", offset: 8, bytes: [2]),
    Change(rule: .f03, what: "the draft 0.1", offset: 8, bytes: [0, 0, 1, 0]),
    Change(rule: .f04, what: "big-endian mark", offset: 12, bytes: [1, 2, 3, 4]),
    Change(rule: .f05, what: "digest", offset: 63, bytes: [1], isSealed: false),
    Change(rule: .f05, what: "header digest without seal", offset: 40, bytes: [1], isSealed: false),
    Change(rule: .f06, what: "reserved byte", offset: 55, bytes: [1]),
    Change(rule: .f07, what: "byte count", offset: 16, bytes: [0, 1]),
    Change(rule: .f07, what: "huge byte count", offset: 23, bytes: [0xFF]),
    Change(rule: .f08, what: "empty header", offset: 32, bytes: [0, 0, 0, 0, 0, 0, 0, 0]),
    Change(rule: .f08, what: "header of 64 MiB + 1", offset: 32, bytes: [1, 0, 0, 4, 0, 0, 0, 0]),
    Change(rule: .f09, what: "header at 0", offset: 24, bytes: [0, 0, 0, 0, 0, 0, 0, 0]),
    Change(
      rule: .f09, what: "end wraps around", offset: 24, bytes: [0xC0] + [UInt8](repeating: 0xFF, count: 7)),
    Change(rule: .f10, what: "header digest", offset: 40, bytes: [1]),
  ]

  @Test(arguments: changes)
  func changedPreambleIsRefused(change: Change) throws {
    var bytes = try SampleModel.bytes()
    bytes.replaceSubrange(change.offset..<change.offset + change.bytes.count, with: change.bytes)
    if change.isSealed {
      let digest = xxh3(try Bytes(copying: Array(bytes[0..<56])))
      bytes.replaceSubrange(56..<64, with: try littleEndian([digest]))
    }
    let error = #expect(throws: FormatError.self) { try MomosReader(bytes) }
    #expect(error?.rule == change.rule)
  }

  @Test func laterMinorVersionsAreRead() throws {
    var bytes = try SampleModel.bytes()
    bytes.replaceSubrange(10..<12, with: [7, 1])
    let digest = xxh3(try Bytes(copying: Array(bytes[0..<56])))
    bytes.replaceSubrange(56..<64, with: try littleEndian([digest]))
    let reader = try MomosReader(bytes)
    #expect(reader.version == "1.263")
    try reader.checkAll()
  }

  @Test(arguments: [0, 1, 63])
  func fileShorterThanAPreambleIsRefused(byteCount: Int) throws {
    let bytes = Array(try SampleModel.bytes()[..<byteCount])
    let error = #expect(throws: FormatError.self) { try MomosReader(bytes) }
    #expect(error?.rule == .f01)
  }

  @Test func trailingByteIsRefused() throws {
    let error = #expect(throws: FormatError.self) { try MomosReader(try SampleModel.bytes() + [0]) }
    #expect(error?.rule == .f07)
  }

  @Test func headerThatDoesNotEndWithTheFileIsRefused() throws {
    // The header's byte count one less, everything else and the digest as before.
    var bytes = try SampleModel.bytes()
    let preamble = try Preamble(reading: try Bytes(copying: bytes))
    bytes.replaceSubrange(32..<40, with: try littleEndian([UInt64(preamble.headerByteCount - 1)]))
    bytes.replaceSubrange(56..<64, with: try littleEndian([xxh3(try Bytes(copying: Array(bytes[0..<56])))]))
    let error = #expect(throws: FormatError.self) { try MomosReader(bytes) }
    #expect(error?.rule == .f09)
  }

  @Test func preambleOfTheSpecIsWritten() throws {
    let preamble = Preamble(headerOffset: 0x1C0, headerByteCount: 0x2F, headerDigest: 0x0102_0304_0506_0708)
    let bytes = try preamble.encoded()
    #expect(Array(bytes[0..<16]) == [0x93, 0x4D, 0x4F, 0x4D, 0x4F, 0x53, 13, 10, 1, 0, 0, 0, 4, 3, 2, 1])
    #expect(
      Array(bytes[16..<40]) == [0xEF, 1, 0, 0, 0, 0, 0, 0, 0xC0, 1, 0, 0, 0, 0, 0, 0, 0x2F]
        + Array(repeating: 0, count: 7))
    #expect(Array(bytes[40..<56]) == [8, 7, 6, 5, 4, 3, 2, 1] + Array(repeating: 0, count: 8))
  }

  /// Reference values of XXH3-64 with seed 0, from the xxHash project's own test vectors.
  @Test func digestIsXXH3() throws {
    #expect(xxh3(Bytes()) == 0x2D06_8005_38D3_94C2)
    #expect(xxh3(try Bytes(copying: Array("abc".utf8))) == 0x78AF_5F94_892F_3950)
  }
}
