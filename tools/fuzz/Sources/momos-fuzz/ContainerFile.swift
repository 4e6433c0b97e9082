import MomosModel

@testable import MomosFormat

/// A .momos file taken apart: a header as a tree of fields, and the stored bytes of each section.
struct ContainerFile {
  private static let sectionField: UInt64 = 2

  var header: WireMessage
  var payloads: [[UInt8]]

  /// nil for bytes whose preamble or header cannot be read at all; digests need not agree.
  init?(_ bytes: [UInt8]) {
    guard let offset = bytes.integer(at: 24, count: 8), let count = bytes.integer(at: 32, count: 8),
      offset >= 64, offset <= UInt64(bytes.count), count <= UInt64(bytes.count) - offset,
      let header = WireMessage(bytes[Int(offset)..<Int(offset + count)], .momos)
    else { return nil }
    self.header = header
    payloads = header.fields.compactMap { field in
      guard field.number == Self.sectionField else { return nil }
      guard case .message(let section) = field.value, let start = section.integer(1),
        let count = section.integer(2), start <= offset, count <= offset - start
      else { return [] }
      return Array(bytes[Int(start)..<Int(start + count)])
    }
  }

  /// A file with this header alone.
  init(header: WireMessage) {
    self.header = header
    payloads = []
  }

  /// The file, laid out as the spec wants it, with digests that agree.
  ///
  /// - Parameter dice: leaves a rare field as it is; nil seals all.
  func sealed(_ dice: inout Dice?) -> [UInt8] {
    var header = header
    var file = [UInt8](repeating: 0, count: 64)
    var number = 0
    for index in header.fields.indices {
      guard header.fields[index].number == Self.sectionField,
        case .message(var section) = header.fields[index].value
      else { continue }
      let payload = number < payloads.count ? payloads[number] : []
      number += 1
      if Self.seals(&dice) { section[1] = .varint(UInt64(file.count)) }
      if Self.seals(&dice) { section[2] = .varint(UInt64(payload.count)) }
      if section.integer(4) ?? 0 == 0, Self.seals(&dice) { section[3] = .varint(UInt64(payload.count)) }
      if Self.seals(&dice) { section[6] = .fixed64(Self.digest(payload)) }
      header.fields[index].value = .message(section)
      file += payload
      let padding: UInt8 = Self.seals(&dice) ? 0 : 1
      file += [UInt8](repeating: padding, count: (64 - file.count % 64) % 64)
    }
    let encoded = header.encoded
    let preamble = Self.preamble(headerOffset: file.count, header: encoded)
    file.replaceSubrange(0..<64, with: preamble)
    return file + encoded
  }

  /// A file whose digests agree.
  var sealed: [UInt8] {
    var dice: Dice?
    return sealed(&dice)
  }

  private static func seals(_ dice: inout Dice?) -> Bool { dice?.oneIn(64) != true }

  /// The first 64 bytes of a file that ends with this header.
  static func preamble(headerOffset: Int, header: [UInt8]) -> [UInt8] {
    var bytes = Preamble.magic
    bytes.append(UInt64(FormatLimits.majorVersion), count: 2)
    bytes.append(UInt64(FormatLimits.minorVersion), count: 2)
    bytes.append(UInt64(Preamble.byteOrderMark), count: 4)
    bytes.append(UInt64(headerOffset + header.count), count: 8)
    bytes.append(UInt64(headerOffset), count: 8)
    bytes.append(UInt64(header.count), count: 8)
    bytes.append(digest(header), count: 8)
    bytes.append(0, count: 8)
    bytes.append(digest(bytes), count: 8)
    return bytes
  }

  static func digest(_ bytes: [UInt8]) -> UInt64 { xxh3(heap(bytes)) }
}

/// A copy of some bytes, which are few.
func heap(_ bytes: [UInt8]) -> Bytes {
  do {
    return try Bytes(copying: bytes)
  } catch {
    return Bytes()
  }
}

extension ContainerFile {
  /// Changes fields of the header, bytes of sections, or both.
  mutating func mutate(_ dice: inout Dice) {
    let what = dice.below(8)
    if what < 6 { header.mutate(&dice) }
    if what >= 4, !payloads.isEmpty {
      let number = dice.below(payloads.count)
      if dice.oneIn(4) {
        // Another length, such as a changed count would need it.
        let count = dice.oneIn(2) ? dice.below(600) : payloads[number].count * (1 + dice.below(3))
        payloads[number] = Array(payloads[number].prefix(count))
        payloads[number] += [UInt8](repeating: 0, count: max(0, count - payloads[number].count))
      } else {
        payloads[number] = dice.changed(payloads[number])
      }
    }
    if dice.oneIn(32), let donor = dice.pick(payloads) {
      payloads.insert(donor, at: dice.below(payloads.count))
    }
  }
}
