import MomosModel

/// An .npz archive: a zip archive of .npy files; the member NAME.npy holds the tensor NAME.
///
/// Members are stored or deflated, with zip64 sizes where needed. A stored member is a view on the mapped
/// archive where its data are aligned. Opening checks the directory and every .npy header; the content of a
/// member and its CRC-32 are checked when it is read.
struct NPZArchive: TensorSource {
  let catalog: [SourceTensor]
  private let archive: Bytes
  private let members: [String: ZipMember]
  private let path: String

  /// - Parameters:
  ///   - archive: the whole file.
  ///   - path: where it lies, for messages.
  init(_ archive: Bytes, path: String) throws(InterchangeError) {
    self.archive = archive
    self.path = path
    var catalog: [SourceTensor] = []
    var members: [String: ZipMember] = [:]
    do throws(InterchangeError) {
      for member in try ZipDirectory(parsing: archive.span(of: UInt8.self)).members {
        let tensor = try Self.tensor(of: member, in: archive, origin: path)
        catalog.append(tensor)
        members[tensor.name] = member
      }
    } catch {
      throw error.inFile(path)
    }
    self.catalog = catalog
    self.members = members
  }

  func read(_ name: String) throws(InterchangeError) -> Tensor {
    guard let member = members[name] else { throw .unknownTensor(name).inFile(path) }
    do throws(InterchangeError) {
      return try NPYFile(content(of: member)).tensor()
    } catch {
      throw error.inside("member \(InterchangeError.quoted(member.name))").inFile(path)
    }
  }

  private func content(of member: ZipMember) throws(InterchangeError) -> Bytes {
    let data = archive[member.dataRange]
    let content = member.isDeflated ? try Inflation.content(of: data, byteCount: member.byteCount) : data
    guard content.checksum == member.checksum else {
      throw InterchangeError(
        .zipChecksum, expected: "content with the CRC-32 0x\(String(member.checksum, radix: 16))",
        found: "0x\(String(content.checksum, radix: 16))")
    }
    return content
  }

  /// Reads the start of a member; its whole size must be what its .npy header implies.
  private static func tensor(
    of member: ZipMember, in archive: Bytes, origin: String
  ) throws(InterchangeError) -> SourceTensor {
    do throws(InterchangeError) {
      let name = try tensorName(of: member)
      let prefixByteCount = min(member.byteCount, NPYHeader.maximumPrefixByteCount)
      let data = archive[member.dataRange]
      let prefix =
        member.isDeflated ? try Inflation.prefix(of: data, byteCount: prefixByteCount) : data
      let header = try NPYHeader(parsing: prefix.span(of: UInt8.self))
      try header.requireFileByteCount(member.byteCount)
      return SourceTensor(name: name, elementType: header.elementType, shape: header.shape, origin: origin)
    } catch {
      throw error.inside("member \(InterchangeError.quoted(member.name))")
    }
  }

  private static func tensorName(of member: ZipMember) throws(InterchangeError) -> String {
    let bytes = Array(member.name.utf8)
    guard bytes.suffix(4) == Array(".npy".utf8)[...] else {
      throw InterchangeError(
        .zipMemberName, expected: "only members named NAME.npy", found: "this one")
    }
    return try SourceTensor.name(Array(bytes.dropLast(4)))
  }
}
