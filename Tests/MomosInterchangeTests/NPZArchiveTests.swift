import MomosModel
import Testing

@testable import MomosInterchange

struct NPZArchiveTests {
  private func open(_ content: [UInt8]) throws(InterchangeError) -> NPZArchive {
    try NPZArchive(Bytes(content), path: "w.npz")
  }

  private func refusedRule(_ content: [UInt8]) -> InterchangeError.Rule? {
    refusal { () throws(InterchangeError) in try open(content) }?.rule
  }

  /// Where the directory entry with this number starts.
  private func entry(_ number: Int, in content: [UInt8]) throws -> Int {
    let starts = content.indices.filter { content[$0...].starts(with: [0x50, 0x4B, 1, 2]) }
    return try #require(starts.dropFirst(number).first)
  }

  /// The fixture with bytes of one directory entry replaced.
  private func changed(
    _ name: String, entry number: Int = 0, at offset: Int, to bytes: [UInt8]
  ) throws -> [UInt8] {
    var content = try SourceFixture.content("archives/\(name).npz")
    let start = try entry(number, in: content) + offset
    content.replaceSubrange(start..<start + bytes.count, with: bytes)
    return content
  }

  @Test(arguments: ["stored", "deflated", "zip64"])
  func membersAreTensors(_ name: String) throws {
    let archive = try open(SourceFixture.content("archives/\(name).npz"))
    #expect(archive.catalog.map(\.name) == ["layer/weight", "bias"])
    #expect(archive.catalog.map(\.elementType) == [.float32, .float64])
    #expect(archive.catalog.map(\.shape.dimensions) == [[3, 4], [3]])
    #expect(archive.catalog.map(\.origin) == ["w.npz", "w.npz"])
    #expect(try archive.read("layer/weight").floats() == (-6..<6).map(Float.init))
    #expect(try archive.read("bias").floats() == [0, 1, 2])
  }

  @Test(arguments: ["savez", "savez-compressed"])
  func archivesOfNumpyItselfAreRead(_ name: String) throws {
    let archive = try open(SourceFixture.content("archives/\(name).npz"))
    #expect(archive.catalog.map(\.name) == ["weight"])
    #expect(try archive.read("weight").floats() == (-6..<6).map(Float.init))
  }

  @Test func largeRatioWithinTheBoundIsRead() throws {
    let content = try SourceFixture.content("archives/zeros.npz")
    #expect(content.count < 1 << 10)
    #expect(try open(content).read("zeros").floats() == [Float](repeating: 0, count: 1 << 16))
  }

  @Test func unknownTensorIsRefused() throws {
    let archive = try open(SourceFixture.content("archives/stored.npz"))
    let error = refusal { () throws(InterchangeError) in try archive.read("weight") }
    #expect(error?.rule == .unknownTensor)
  }

  @Test func otherMembersAreRefused() throws {
    #expect(refusedRule(try SourceFixture.content("archives/other-member.npz")) == .zipMemberName)
  }

  @Test func otherMethodsAreRefused() throws {
    let content = try SourceFixture.content("archives/bzip2.npz")
    let error = try #require(refusal { () throws(InterchangeError) in try open(content) })
    #expect(error.rule == .zipMethod)
    #expect(
      error.description
        == "w.npz: member 'layer/weight.npy': expected a stored (0) or deflated (8) member, found method 12")
  }

  @Test(arguments: [[1, 0], [0x40, 0], [0, 0x20]] as [[UInt8]])
  func encryptedMembersAreRefused(_ flags: [UInt8]) throws {
    #expect(refusedRule(try changed("stored", at: 8, to: flags)) == .zipEncrypted)
  }

  @Test func duplicateMembersAreRefused() throws {
    var content = try SourceFixture.content("archives/stored.npz")
    let first = try entry(0, in: content)
    let second = try entry(1, in: content)
    // The directory lists the first member twice; the end record grows the directory's size by as much.
    let copy = Array(content[first..<second])
    content.insert(contentsOf: copy, at: second)
    let end = content.count - 22
    content[end + 8] = 3
    content[end + 10] = 3
    content[end + 12] += UInt8(copy.count)
    #expect(refusedRule(content) == .zipDuplicateMember)
  }

  @Test func entryCountMustMatch() throws {
    var content = try SourceFixture.content("archives/stored.npz")
    content[content.count - 22 + 10] = 3
    #expect(refusedRule(content) == .zipDirectory)
  }

  @Test func nameThatIsNotUTF8IsRefused() throws {
    #expect(refusedRule(try changed("stored", at: 46, to: [0xFF])) == .zipMemberName)
  }

  @Test func localHeaderMustHaveTheSameName() throws {
    #expect(refusedRule(try changed("stored", at: 46, to: Array("m".utf8))) == .zipLocalHeader)
  }

  @Test func memberThatReachesIntoTheNextIsRefused() throws {
    let byteCount: [UInt8] = [0xB1, 0, 0, 0]
    var content = try changed("stored", at: 20, to: byteCount + byteCount)
    #expect(refusedRule(content) == .zipOverlap)
    // The last member would reach into the directory.
    content = try changed("stored", entry: 1, at: 20, to: byteCount + byteCount)
    #expect(refusedRule(content) == .zipDirectory)
  }

  @Test func impossibleRatioIsRefusedBeforeAllocating() throws {
    // 0xFFFF_FFFE bytes are more than 1032 times the compressed member.
    #expect(refusedRule(try changed("deflated", at: 24, to: [0xFE, 0xFF, 0xFF, 0xFF])) == .zipRatio)
  }

  @Test func claimedSizeMustBeThatOfTheHeader() throws {
    #expect(refusedRule(try changed("deflated", at: 24, to: [0xB1, 0, 0, 0])) == .dataTrailing)
    #expect(refusedRule(try changed("deflated", at: 24, to: [0xAF, 0, 0, 0])) == .dataTruncated)
    #expect(refusedRule(try changed("stored", at: 24, to: [0xB1, 0, 0, 0])) == .zipMemberSize)
  }

  @Test func wrongChecksumIsRefused() throws {
    for name in ["stored", "deflated"] {
      let archive = try open(changed(name, at: 16, to: [1, 2, 3, 4]))
      let error = try #require(refusal { () throws(InterchangeError) in try archive.read("layer/weight") })
      #expect(error.rule == .zipChecksum)
      #expect(error.place == "member 'layer/weight.npy'")
      #expect(error.expected == "content with the CRC-32 0x4030201")
    }
  }

  /// Streams by hand (RFC 1951): one stored block each, the last one not marked as final in the second
  /// stream.
  @Test func deflatedContentMustHaveTheClaimedSize() throws {
    let block: [UInt8] = [1, 3, 0, 0xFC, 0xFF, 7, 8, 9]
    #expect(try Inflation.content(of: Bytes(block), byteCount: 3) == Bytes([7, 8, 9]))
    func rule(_ stream: [UInt8], _ byteCount: Int) -> InterchangeError.Rule? {
      refusal { () throws(InterchangeError) in
        try Inflation.content(of: Bytes(stream), byteCount: byteCount)
      }?.rule
    }
    #expect(rule(block, 2) == .zipMemberSize)
    #expect(rule(block, 4) == .zipMemberSize)
    #expect(rule(block + [0], 3) == .zipMemberSize)
    #expect(rule([0] + block.dropFirst(), 3) == .zipMemberSize)
    #expect(rule([], 0) == .zipMemberSize)
    #expect(rule([7] + block.dropFirst(), 3) == .zipDeflate)
  }

  @Test(arguments: [(4, 1), (6, 1), (16, 1), (12, 1)])
  func endRecordMustDescribeThisFile(_ offset: Int, _ value: UInt8) throws {
    var content = try SourceFixture.content("archives/stored.npz")
    content[content.count - 22 + offset] = value
    #expect(refusedRule(content) == (offset < 8 ? .zipSeveralDisks : .zipEndRecord))
  }

  @Test func commentAtTheEndIsAllowedAndTrailingBytesAreNot() throws {
    var content = try SourceFixture.content("archives/stored.npz")
    content[content.count - 2] = 3
    #expect(try open(content + [1, 2, 3]).catalog.count == 2)
    #expect(refusedRule(content + [1, 2]) == .zipEndRecord)
  }

  @Test func bytesBeforeTheFirstMemberMoveTheDirectory() throws {
    #expect(refusedRule([0] + (try SourceFixture.content("archives/stored.npz"))) == .zipEndRecord)
  }

  @Test(arguments: [8, 16, 40, 48])
  func zip64RecordsMustAgree(_ offset: Int) throws {
    var content = try SourceFixture.content("archives/zip64.npz")
    let record = try #require(position(of: [0x50, 0x4B, 6, 6], in: content))
    // All bits of an 8-byte value, so that sums with it overflow.
    for position in record + offset..<record + offset + 8 { content[position] = 0xFF }
    #expect(refusedRule(content) == (offset == 16 ? .zipSeveralDisks : .zipEndRecord))
  }

  @Test func zip64FieldMustHoldTheSaturatedValues() throws {
    var content = try SourceFixture.content("archives/zip64.npz")
    let field = try #require(position(of: [1, 0, 0x18, 0, 0x98], in: content))
    content[field] = 2
    #expect(refusedRule(content) == .zipDirectory)
    content[field] = 1
    content[field + 2] = 0x10
    #expect(refusedRule(content) == .zipDirectory)
  }
}
