/// Random choices of a mutation, from a seed (SplitMix64).
struct Dice {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }

  /// 0 to `count` - 1; 0 for an empty range.
  mutating func below(_ count: Int) -> Int { count > 0 ? Int(next() % UInt64(count)) : 0 }

  /// True once in `count` times.
  mutating func oneIn(_ count: Int) -> Bool { below(count) == 0 }

  mutating func pick<Element>(_ elements: [Element]) -> Element? {
    elements.isEmpty ? nil : elements[below(elements.count)]
  }

  /// Numbers at which counts, sizes and offsets change what they mean.
  static let landmarks: [UInt64] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257,
    1023,
    1024, 1025, 4095, 4096, 4097, 65_535, 65_536, 65_537, 1 << 20, 1 << 24, 1 << 31 - 1, 1 << 31, 1 << 32 - 1,
    1 << 32, 1 << 47, 1 << 48 - 1, 1 << 48, 1 << 48 + 1, 1 << 53, 1 << 61, 1 << 62, 1 << 63 - 1, 1 << 63,
    UInt64.max - 63, UInt64.max - 1, UInt64.max,
  ]

  /// Another number in place of `number`.
  mutating func changed(_ number: UInt64) -> UInt64 {
    switch below(8) {
    case 0, 1: Self.landmarks[below(Self.landmarks.count)]
    case 2: number &+ 1
    case 3: number &- 1
    case 4: number ^ (1 << UInt64(below(64)))
    case 5: oneIn(2) ? number &* 2 : number / 2
    case 6: UInt64(below(40))
    default: oneIn(4) ? next() : 0 &- number
    }
  }

  /// Bytes in place of `bytes`: some of them changed, removed, repeated or added.
  mutating func changed(_ bytes: [UInt8], limit: Int = 1 << 16) -> [UInt8] {
    var result = bytes
    for _ in 0...below(3) {
      let position = below(result.count)
      switch below(8) {
      case 0 where !result.isEmpty: result[position] ^= 1 << UInt8(below(8))
      case 1 where !result.isEmpty: result[position] = UInt8(truncatingIfNeeded: next())
      case 2 where !result.isEmpty:
        result.removeSubrange(position..<min(result.count, position + 1 + below(8)))
      case 3 where !result.isEmpty:
        let end = min(result.count, position + 1 + below(16))
        result.insert(contentsOf: result[position..<end], at: position)
      case 4: result.insert(UInt8(truncatingIfNeeded: next()), at: position)
      case 5 where result.count >= 8: overwrite(&result, at: position, width: 1 << below(4))
      case 6: result = Array(result.prefix(below(result.count + 1)))
      default:
        result += [UInt8](repeating: oneIn(2) ? 0 : UInt8(truncatingIfNeeded: next()), count: below(64))
      }
    }
    return Array(result.prefix(limit))
  }

  /// Writes a landmark as a little-endian integer of `width` bytes.
  mutating func overwrite(_ bytes: inout [UInt8], at position: Int, width: Int) {
    let number = Self.landmarks[below(Self.landmarks.count)]
    for byte in 0..<width where position + byte < bytes.count {
      bytes[position + byte] = UInt8(truncatingIfNeeded: number >> UInt64(8 * byte))
    }
  }
}
