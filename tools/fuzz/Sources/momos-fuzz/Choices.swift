/// The end of an input, whose bytes choose the arguments of calls one after another.
///
/// Most bytes choose what is right, so that a sequence of calls gets somewhere; zeros choose nothing else.
struct Choices {
  /// How many bytes choose.
  static let byteCount = 48
  private static let mostRight = 223

  private let bytes: ArraySlice<UInt8>
  private var position: Int

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  /// From the first byte again where there are no more.
  mutating func next() -> Int {
    guard !bytes.isEmpty else { return 0 }
    if position == bytes.endIndex { position = bytes.startIndex }
    defer { position += 1 }
    return Int(bytes[position])
  }

  /// 0 to `count` - 1.
  mutating func below(_ count: Int) -> Int { next() % max(count, 1) }

  /// Mostly `right`, otherwise one of `wrong`.
  mutating func mostly<Value>(_ right: Value, _ wrong: [Value]) -> Value {
    let choice = next() - Self.mostRight - 1
    return choice < 0 || wrong.isEmpty ? right : wrong[choice % wrong.count]
  }

  /// Mostly `right`, otherwise a count beside it or one that no memory has.
  mutating func count(_ right: Int) -> Int { mostly(right, [right - 1, right + 1, 0, -1, Int.max]) }
}
