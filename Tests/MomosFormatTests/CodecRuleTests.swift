import MomosModel
import Testing

@testable import MomosFormat

/// The Z rules, on frames built byte by byte after RFC 8878.
struct CodecRuleTests {
  struct Frame: Sendable, CustomTestStringConvertible {
    let rule: FormatRule
    let what: String
    let bytes: [UInt8]

    var testDescription: String { "\(rule.rawValue) \(what)" }
  }

  private static let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
  /// A last raw block of the 24 bytes of "floats": header 1 | 0 << 1 | 24 << 3 in three bytes.
  private static let block: [UInt8] = [0xC1, 0, 0] + [UInt8](repeating: 7, count: 24)
  /// Single segment, content size of one byte.
  private static let valid: [UInt8] = magic + [0x20, 24] + block

  static let frames: [Frame] = [
    Frame(rule: .z01, what: "garbage", bytes: [UInt8](repeating: 7, count: 24)),
    Frame(rule: .z01, what: "skippable frame first", bytes: [0x50, 0x2A, 0x4D, 0x18, 0, 0, 0, 0] + valid),
    Frame(rule: .z01, what: "only the magic", bytes: magic),
    Frame(rule: .z01, what: "reserved bit", bytes: magic + [0x28, 24] + block),
    Frame(rule: .z02, what: "no content size", bytes: magic + [0x00, 0x00] + block),
    Frame(rule: .z02, what: "another content size", bytes: magic + [0x20, 23] + block),
    // Descriptor 0x80: no single segment, content size of four bytes; window exponent 18, mantissa 0: 2^28.
    Frame(rule: .z03, what: "window of 256 MiB", bytes: magic + [0x80, 18 << 3, 24, 0, 0, 0] + block),
    Frame(rule: .z03, what: "window of 144 MiB", bytes: magic + [0x80, 17 << 3 | 1, 24, 0, 0, 0] + block),
    Frame(rule: .z03, what: "dictionary 5", bytes: magic + [0x21, 5, 24] + block),
    Frame(rule: .z04, what: "byte behind the frame", bytes: valid + [0]),
    Frame(rule: .z04, what: "two frames", bytes: valid + valid),
    Frame(rule: .z04, what: "cut short", bytes: Array(valid.dropLast())),
    Frame(
      rule: .z05, what: "reserved block type", bytes: magic + [0x20, 24, 0xC7, 0, 0] + block.dropFirst(3)),
    Frame(
      rule: .z05, what: "fewer bytes than stated",
      bytes: magic + [0x20, 24, 0xB9, 0, 0] + [UInt8](repeating: 7, count: 23)),
    Frame(rule: .z05, what: "wrong checksum", bytes: magic + [0x24, 24] + block + [1, 2, 3, 4]),
  ]

  private static func load(_ frame: [UInt8], codec: UInt32 = 1, planeCount: UInt32? = nil) throws
    -> TensorContent
  {
    var file = try ForgedFile(try SampleModel.bytes())
    file.payloads[0] = frame
    file.header.sections[0].codec = codec
    file.header.sections[0].planeCount = planeCount
    file.refresh()
    return try MomosReader(try file.bytes()).load("floats")
  }

  @Test(arguments: frames)
  func brokenFrameIsRefused(frame: Frame) throws {
    let error = #expect(throws: FormatError.self) { _ = try Self.load(frame.bytes) }
    #expect(error?.rule == frame.rule, "\(error.map { "\($0)" } ?? "")")
  }

  @Test func plainFrameIsExpanded() throws {
    guard case .dense(let tensor) = try Self.load(Self.valid) else {
      Issue.record("not dense")
      return
    }
    #expect(tensor.bytes.array(of: UInt8.self) == [UInt8](repeating: 7, count: 24))
  }

  /// A window of exactly 128 MiB is allowed.
  @Test func largestWindowIsAllowed() throws {
    _ = try Self.load(Self.magic + [0x80, 17 << 3, 24, 0, 0, 0] + Self.block)
  }

  /// Four planes of six bytes each: element i has the bytes i, 6 + i, 12 + i, 18 + i.
  @Test func planesAreMerged() throws {
    let frame = Self.magic + [0x20, 24, 0xC1, 0, 0] + (0..<24).map { UInt8($0) }
    guard case .dense(let tensor) = try Self.load(frame, codec: 2, planeCount: 4) else {
      Issue.record("not dense")
      return
    }
    let expected: [UInt8] = (0..<6).flatMap { (element: UInt8) in
      [element, 6 + element, 12 + element, 18 + element]
    }
    #expect(tensor.bytes.array(of: UInt8.self) == expected)
  }

  @Test(arguments: [2, 4, 8])
  func mergingUndoesSplitting(planeCount: Int) throws {
    let bytes = try Bytes(copying: (0..<planeCount * 11).map { UInt8($0) })
    let planes = try BytePlanes.split(bytes, planeCount: planeCount)
    #expect(planes != bytes)
    #expect(try BytePlanes.merge(planes, planeCount: planeCount) == bytes)
  }
}
