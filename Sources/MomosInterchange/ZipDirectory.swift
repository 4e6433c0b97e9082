import MomosModel

// The records of a zip archive that are read here, integers little-endian, from PKWARE's APPNOTE.TXT 6.3.10:
//
//   OFFSET  SIZE  FIELD of a directory entry         OFFSET  SIZE  FIELD of the end record
//        0     4  signature 50 4B 01 02                   0     4  signature 50 4B 05 06
//        8     2  flags; bits 0, 6, 13: encrypted         4     2  number of this disk, 0
//       10     2  method, 0 stored, 8 deflated            6     2  disk of the directory, 0
//       16     4  CRC-32 of the content                   8     2  entries on this disk
//       20     4  compressed byte count                  10     2  entries
//       24     4  content byte count                     12     4  directory byte count
//       28     2  name byte count N                      16     4  directory offset
//       30     2  extra byte count E                     20     2  comment byte count, up to the file's end
//       32     2  comment byte count C
//       34     2  disk of the member, 0              OFFSET  SIZE  FIELD of the zip64 end record
//       42     4  offset of the local header              0     4  signature 50 4B 06 06
//       46 N+E+C  name, extra fields, comment             4     8  byte count of what follows
//                                                        16     4  number of this disk, 0
//   OFFSET  SIZE  FIELD of a local header                20     4  disk of the directory, 0
//        0     4  signature 50 4B 03 04                  24     8  entries on this disk
//        8     2  method                                 32     8  entries
//       26     2  name byte count N                      40     8  directory byte count
//       28     2  extra byte count E                     48     8  directory offset
//       30   N+E  name, extra fields; then the data
//                                                    OFFSET  SIZE  FIELD of the zip64 locator
//   The extra field with id 1 has 8-byte values for       0     4  signature 50 4B 06 07
//   those of content byte count, compressed byte          8     8  offset of the zip64 end record
//   count and offset that are FF FF FF FF.               16     4  disks, 0 or 1
//
// In front of the end record stands the zip64 locator, if there is one, in front of that the zip64 end record,
// in front of that the directory: nothing lies between them.

/// One entry of a zip archive's directory.
struct ZipMember: Hashable {
  let name: String
  let isDeflated: Bool
  let checksum: UInt32
  /// Of the content, as the directory claims it.
  let byteCount: Int
  /// Where the stored or deflated bytes lie in the archive.
  let dataRange: Range<Int>
  /// Where the local header starts.
  let offset: Int
}

/// The directory at the end of a zip archive.
struct ZipDirectory {
  /// In the order of the directory; their names are unique and their bytes do not overlap.
  let members: [ZipMember]

  init(parsing archive: Span<UInt8>) throws(InterchangeError) {
    let end = try ZipEnd(parsing: archive)
    var members: [ZipMember] = []
    var names: Set<String> = []
    var position = end.directory.lowerBound
    while position < end.directory.upperBound {
      let entry = try ZipEntry(parsing: archive, at: position, limit: end.directory.upperBound)
      guard names.insert(entry.name).inserted else {
        throw InterchangeError(
          .zipDuplicateMember, place: "zip directory", expected: "one member of each name",
          found: "another \(InterchangeError.quoted(entry.name))")
      }
      do throws(InterchangeError) {
        members.append(try entry.member(in: archive, limit: end.directory.lowerBound))
      } catch {
        throw error.inside("member \(InterchangeError.quoted(entry.name))")
      }
      position = entry.end
    }
    guard members.count == end.entryCount else {
      throw InterchangeError(
        .zipDirectory, place: "zip directory", expected: "\(end.entryCount) entries",
        found: "\(members.count)")
    }
    try Self.requireNoOverlap(members)
    self.members = members
  }

  /// Members that share bytes would let a small archive expand to any size.
  private static func requireNoOverlap(_ members: [ZipMember]) throws(InterchangeError) {
    let sorted = members.sorted { $0.offset < $1.offset }
    for (first, second) in zip(sorted, sorted.dropFirst()) where second.offset < first.dataRange.upperBound {
      throw InterchangeError(
        .zipOverlap, place: "member \(InterchangeError.quoted(second.name))",
        expected: "a start at \(first.dataRange.upperBound) or later", found: "\(second.offset)")
    }
  }
}
