public import MomosModel

/// Writes an .npz archive, tensor after tensor: stored members with zip64 sizes where needed, whose data start at
/// multiples of 64, so that a mapped archive is used as it lies. Equal tensors give equal bytes.
///
/// The records are those that `ZipDirectory` reads. The file appears whole, with `finish`, or not at all.
public struct NPZWriter: ~Copyable {
  /// The field that pads local headers: an identifier that nobody has registered, the byte count, zeros.
  private static let paddingIdentifier: UInt16 = 0x4D4F
  private static let alignment = 64

  private var file: OutputFile
  private let path: String
  private var byteCount: UInt64 = 0
  private var members: [Member] = []
  private var names: Set<[UInt8]> = []

  private struct Member {
    let name: [UInt8]
    let checksum: UInt32
    let byteCount: UInt64
    let offset: UInt64

    var isLarge: Bool { byteCount >= UInt64(UInt32.max) }
  }

  /// - Throws: `outputNotWritable`.
  public init(path: String) throws(InterchangeError) {
    self.path = path
    do throws(InterchangeError) { file = try OutputFile(path: path) } catch { throw error.inFile(path) }
  }

  /// Adds a tensor, of any element type but bfloat16, which npy lacks.
  /// - Parameter name: new to the archive.
  /// - Throws: `outputNotWritable`; `tensorName` for a name that a source could not have.
  public mutating func add(_ tensor: Tensor, name: String) throws(InterchangeError) {
    do throws(InterchangeError) {
      let bytes = Array(try SourceTensor.name(Array(name.utf8)).utf8) + Array(".npy".utf8)
      precondition(names.insert(bytes).inserted)
      let header = try Self.memory(NPYHeader.encoded(elementType: tensor.elementType, shape: tensor.shape))
      let member = Member(
        name: bytes, checksum: tensor.bytes.checksum(after: header.checksum),
        byteCount: UInt64(header.count + tensor.bytes.count), offset: byteCount)
      try write(localHeader(of: member))
      try write(header)
      try write(tensor.bytes)
      members.append(member)
    } catch {
      throw error.inFile(path)
    }
  }

  /// Writes the directory and gives the file its name.
  public consuming func finish() throws(InterchangeError) {
    let path = path
    do throws(InterchangeError) {
      let start = byteCount
      for member in members { try write(Self.directoryEntry(of: member)) }
      try write(Self.endRecords(count: members.count, start: start, end: byteCount))
      try file.commit()
    } catch {
      throw error.inFile(path)
    }
  }

  private mutating func write(_ bytes: [UInt8]) throws(InterchangeError) {
    try write(Self.memory(bytes))
  }

  private mutating func write(_ bytes: Bytes) throws(InterchangeError) {
    try file.write(bytes)
    byteCount += UInt64(bytes.count)
  }

  private static func memory(_ bytes: [UInt8]) throws(InterchangeError) -> Bytes {
    try InterchangeError.translating { () throws(ModelError) in try Bytes(copying: bytes) }
  }

  private func localHeader(of member: Member) -> [UInt8] {
    var extra = ZipRecord()
    if member.isLarge { extra.addSizes([member.byteCount, member.byteCount]) }
    let end = Int(byteCount) + ZipEntry.localByteCount + member.name.count + extra.bytes.count + 4
    let padding = (Self.alignment - end % Self.alignment) % Self.alignment
    extra.add(Self.paddingIdentifier)
    extra.add(UInt16(padding))
    extra.bytes += [UInt8](repeating: 0, count: padding)
    var record = ZipRecord(signature: [3, 4])
    record.addKind(of: member.isLarge)
    record.addContent(checksum: member.checksum, byteCount: member.byteCount)
    record.add(UInt16(member.name.count))
    record.add(UInt16(extra.bytes.count))
    return record.bytes + member.name + extra.bytes
  }

  private static func directoryEntry(of member: Member) -> [UInt8] {
    let isFar = member.offset >= UInt64(UInt32.max)
    var extra = ZipRecord()
    let sizes = member.isLarge ? [member.byteCount, member.byteCount] : []
    if member.isLarge || isFar { extra.addSizes(sizes + (isFar ? [member.offset] : [])) }
    var record = ZipRecord(signature: [1, 2])
    // Made by a system without attributes of files.
    record.add(UInt16(45))
    record.addKind(of: member.isLarge || isFar)
    record.addContent(checksum: member.checksum, byteCount: member.byteCount)
    record.add(UInt16(member.name.count))
    record.add(UInt16(extra.bytes.count))
    // No comment, disk 0, no attributes.
    record.bytes += [UInt8](repeating: 0, count: 10)
    record.add(UInt32(clamping: member.offset))
    return record.bytes + member.name + extra.bytes
  }

  private static func endRecords(count: Int, start: UInt64, end: UInt64) -> [UInt8] {
    var record = ZipRecord()
    if count >= Int(UInt16.max) || end >= UInt64(UInt32.max) {
      record = ZipRecord(signature: [6, 6])
      record.add(UInt64(ZipEnd.zip64ByteCount - 12))
      record.add(UInt16(45))
      record.add(UInt16(45))
      record.add(UInt64(0))
      record.add(UInt64(count))
      record.add(UInt64(count))
      record.add(end - start)
      record.add(start)
      record.add(signature: [6, 7])
      record.add(UInt32(0))
      record.add(end)
      record.add(UInt32(1))
    }
    record.add(signature: [5, 6])
    record.add(UInt32(0))
    record.add(UInt16(clamping: count))
    record.add(UInt16(clamping: count))
    record.add(UInt32(clamping: end - start))
    record.add(UInt32(clamping: start))
    record.add(UInt16(0))
    return record.bytes
  }
}

/// Bytes of a record of a zip archive.
private struct ZipRecord {
  var bytes: [UInt8] = []

  init() {}

  init(signature: [UInt8]) {
    add(signature: signature)
  }

  mutating func add(signature: [UInt8]) {
    bytes += Array("PK".utf8) + signature
  }

  mutating func add<Integer: FixedWidthInteger>(_ value: Integer) {
    for shift in stride(from: 0, to: Integer.bitWidth, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }

  /// A zip64 extra field.
  mutating func addSizes(_ sizes: [UInt64]) {
    add(UInt16(1))
    add(UInt16(8 * sizes.count))
    for size in sizes { add(size) }
  }

  /// Version that is needed, flags (names in UTF-8), method (stored), and the first date there is.
  mutating func addKind(of isLarge: Bool) {
    add(UInt16(isLarge ? 45 : 20))
    add(UInt16(1 << 11))
    add(UInt16(0))
    add(UInt16(0))
    add(UInt16(1 << 5 | 1))
  }

  mutating func addContent(checksum: UInt32, byteCount: UInt64) {
    add(checksum)
    // Both sizes, or the mark that they are in the extra field.
    add(UInt32(clamping: byteCount))
    add(UInt32(clamping: byteCount))
  }
}
