import MomosModel

@testable import MomosInterchange

/// A zip archive taken apart: names and contents of its members.
struct ArchiveFile {
  struct Member {
    var name: [UInt8]
    var content: [UInt8]
    var isDeflated: Bool
    var isLarge = false
  }

  var members: [Member] = []

  init(_ members: [Member]) { self.members = members }

  /// nil for bytes that are no archive, or one with a damaged member.
  init?(_ bytes: [UInt8]) {
    let archive = heap(bytes)
    guard let directory = try? ZipDirectory(parsing: archive.span(of: UInt8.self)) else { return nil }
    for member in directory.members {
      var content = archive[member.dataRange]
      if member.isDeflated {
        guard member.byteCount <= 1 << 20,
          let inflated = try? Inflation.content(of: content, byteCount: member.byteCount)
        else { return nil }
        content = inflated
      }
      members.append(
        Member(
          name: Array(member.name.utf8), content: content.array(of: UInt8.self), isDeflated: member.isDeflated
        ))
    }
  }

  /// The archive, with checksums and counts that agree.
  var sealed: [UInt8] {
    var archive: [UInt8] = []
    var directory: [UInt8] = []
    for member in members {
      let offset = archive.count
      let data = member.isDeflated ? Self.deflated(member.content) : member.content
      let checksum = UInt64(heap(member.content).checksum)
      archive.append(0x0403_4B50, count: 4)
      appendRecord(of: member, data, checksum, to: &archive)
      archive.append(UInt64(member.name.count), count: 2)
      archive.append(member.isLarge ? 20 : 0, count: 2)
      archive += member.name
      if member.isLarge { appendSizes(of: member, data, to: &archive) }
      archive += data
      directory.append(0x0201_4B50, count: 4)
      directory.append(45, count: 2)
      appendRecord(of: member, data, checksum, to: &directory)
      directory.append(UInt64(member.name.count), count: 2)
      directory.append(member.isLarge ? 20 : 0, count: 2)
      directory.append(0, count: 10)
      directory.append(UInt64(offset), count: 4)
      directory += member.name
      if member.isLarge { appendSizes(of: member, data, to: &directory) }
    }
    let offset = archive.count
    archive += directory
    archive.append(0x0605_4B50, count: 4)
    archive.append(0, count: 4)
    archive.append(UInt64(members.count), count: 2)
    archive.append(UInt64(members.count), count: 2)
    archive.append(UInt64(directory.count), count: 4)
    archive.append(UInt64(offset), count: 4)
    archive.append(0, count: 2)
    return archive
  }

  /// What both records of a member share: version to content byte count.
  private func appendRecord(of member: Member, _ data: [UInt8], _ checksum: UInt64, to bytes: inout [UInt8]) {
    bytes.append(45, count: 2)
    bytes.append(0, count: 2)
    bytes.append(member.isDeflated ? 8 : 0, count: 2)
    bytes.append(0, count: 4)
    bytes.append(checksum, count: 4)
    bytes.append(member.isLarge ? 0xFFFF_FFFF : UInt64(data.count), count: 4)
    bytes.append(member.isLarge ? 0xFFFF_FFFF : UInt64(member.content.count), count: 4)
  }

  /// The zip64 extra field.
  private func appendSizes(of member: Member, _ data: [UInt8], to bytes: inout [UInt8]) {
    bytes.append(1, count: 2)
    bytes.append(16, count: 2)
    bytes.append(UInt64(member.content.count), count: 8)
    bytes.append(UInt64(data.count), count: 8)
  }

  /// A deflate stream of blocks without compression.
  private static func deflated(_ content: [UInt8]) -> [UInt8] {
    var stream: [UInt8] = []
    var rest = content[...]
    repeat {
      let block = rest.prefix(65_535)
      rest = rest.dropFirst(block.count)
      stream.append(rest.isEmpty ? 1 : 0)
      stream.append(UInt64(block.count), count: 2)
      stream.append(UInt64(block.count) ^ 0xFFFF, count: 2)
      stream += block
    } while !rest.isEmpty
    return stream
  }

  /// Changes members and their contents, mostly .npy files.
  mutating func mutate(_ dice: inout Dice) {
    guard !members.isEmpty else { return }
    let number = dice.below(members.count)
    switch dice.below(12) {
    case 0: members.remove(at: number)
    case 1: members.insert(members[number], at: dice.below(members.count))
    case 2: members[number].name = dice.changed(members[number].name, limit: 2000)
    case 3: members[number].content = members[dice.below(members.count)].content
    case 4: members[number].isDeflated.toggle()
    case 5: members[number].isLarge.toggle()
    case 6: members[number].content = dice.changed(members[number].content)
    case 7: members.swapAt(number, dice.below(members.count))
    default: members[number].content = ArrayFile.mutated(members[number].content, &dice)
    }
  }
}
