/// JSON as a list of tokens that mutations change; the text need not be valid.
enum JSONText {
  /// Quoted texts, runs of letters and digits, and single other characters.
  static func tokens(_ text: [UInt8]) -> [[UInt8]] {
    var tokens: [[UInt8]] = []
    var position = 0
    while position < text.count {
      let start = position
      let first = text[position]
      position += 1
      if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") {
        while position < text.count, text[position] != first {
          position += text[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        position = min(position + 1, text.count)
      } else if isWord(first) {
        while position < text.count, isWord(text[position]) { position += 1 }
      }
      tokens.append(Array(text[start..<position]))
    }
    return tokens
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
      || [UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "_")].contains(byte)
  }

  private static let words = [
    "null", "true", "false", "0", "1", "-1", "2", "3", "64", "1e9", "1e999", "-0", "0.5", "2147483648",
    "9223372036854775807", "18446744073709551616", "\"\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\ud83d\\ude00\"",
    "[]",
    "{}", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "\"inf\"", "\"nan\"", ",",
    ":", "[", "]", "{",
    "}", " ",
  ]

  /// The text with one to four tokens, or runs of them, replaced, removed, repeated or moved.
  static func mutated(_ text: [UInt8], words more: [String] = [], _ dice: inout Dice) -> [UInt8] {
    if dice.oneIn(16) { return dice.changed(text) }
    var tokens = tokens(text)
    for _ in 0...dice.below(4) {
      let position = dice.below(tokens.count)
      let run = position..<min(tokens.count, position + 1 + (dice.oneIn(3) ? dice.below(12) : 0))
      switch dice.below(8) {
      case 0: tokens.removeSubrange(run)
      case 1: tokens.insert(contentsOf: tokens[run], at: position)
      case 2: tokens.insert(contentsOf: tokens[run], at: dice.below(tokens.count))
      case 3 where !tokens.isEmpty: tokens[position] = number(&dice)
      case 4 where !tokens.isEmpty:
        // A token in place of one that begins alike.
        let alike = tokens.filter { $0.first == tokens[position].first }
        tokens[position] = dice.pick(alike) ?? []
      case 5 where !more.isEmpty && !tokens.isEmpty:
        tokens[position] = Array("\"\(more[dice.below(more.count)])\"".utf8)
      default:
        let word = Array(words[dice.below(words.count)].utf8)
        if dice.oneIn(2) || tokens.isEmpty {
          tokens.insert(word, at: position)
        } else {
          tokens[position] = word
        }
      }
    }
    return Array(tokens.joined())
  }

  private static func number(_ dice: inout Dice) -> [UInt8] {
    let number = Dice.landmarks[dice.below(Dice.landmarks.count)]
    return Array((dice.oneIn(4) ? "-\(number)" : "\(number)").utf8)
  }
}
