/// An .npy file taken apart: its version, the text of its header, and the data.
struct ArrayFile {
  var version: UInt8
  var header: [UInt8]
  var data: [UInt8]

  init?(_ bytes: [UInt8]) {
    guard bytes.count >= 12, bytes[0] == 0x93 else { return nil }
    version = bytes[6]
    let start = version == 1 ? 10 : 12
    guard let count = bytes.integer(at: 8, count: start - 8), count <= UInt64(bytes.count - start) else {
      return nil
    }
    header = Array(bytes[start..<start + Int(count)])
    data = Array(bytes[(start + Int(count))...])
  }

  var sealed: [UInt8] {
    var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8) + [version, 0]
    bytes.append(UInt64(header.count), count: version == 1 ? 2 : 4)
    return bytes + header + data
  }

  static func mutated(_ bytes: [UInt8], _ dice: inout Dice) -> [UInt8] {
    guard var file = ArrayFile(bytes) else { return dice.changed(bytes) }
    switch dice.below(8) {
    case 0: file.version = UInt8(dice.below(5))
    case 1: file.data = dice.changed(file.data)
    case 2: file.data = [UInt8](repeating: UInt8(dice.below(3)), count: dice.below(200))
    case 3: file.header = dice.changed(file.header)
    case 4: return dice.changed(bytes)
    default: file.header = Self.mutated(header: file.header, &dice)
    }
    return file.sealed
  }

  private static let words = [
    "'descr'", "'fortran_order'", "'shape'", "True", "False", "{", "}", "(", ")", ",", ":", " ", "'<f4'",
    "'>f8'",
    "'|b1'", "'|u1'", "'<i8'", "'>u2'", "'<f2'", "'|O'", "[('a', '<f4')]", "(3,)", "(2, 3)", "()", "(0,)",
    "(4294967296, 4294967296)", "(9223372036854775807,)", "\"", "'", "\n", "1", "0", "-1", "(1, 1, 1, 1)",
  ]

  /// Tokens of the literal replaced, removed or added.
  private static func mutated(header: [UInt8], _ dice: inout Dice) -> [UInt8] {
    var tokens = JSONText.tokens(header)
    for _ in 0...dice.below(3) {
      let word = Array(words[dice.below(words.count)].utf8)
      let position = dice.below(tokens.count)
      switch dice.below(4) {
      case 0 where !tokens.isEmpty: tokens.remove(at: position)
      case 1: tokens.insert(word, at: position)
      case 2 where !tokens.isEmpty: tokens.swapAt(position, dice.below(tokens.count))
      default:
        if !tokens.isEmpty { tokens[position] = word }
      }
    }
    return Array(tokens.joined())
  }
}
