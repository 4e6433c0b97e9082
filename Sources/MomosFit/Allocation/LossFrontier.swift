/// The combinations of choices that no other combination beats in bytes and loss at once, up to a number of bytes.
///
/// Items are added one after another. Combinations whose bytes differ by less than a bucket count as equal, so that
/// there are never more than `bucketCount`; with as many buckets as bytes nothing is lost.
struct LossFrontier {
  /// A choice that an item may take.
  struct Option {
    /// Among the choices of the item.
    let choice: Int
    let byteCount: Int
    let loss: Double
  }

  struct Combination {
    let byteCount: Int
    let loss: Double
    /// Among the combinations of the items before.
    let origin: Int
    let choice: Int
  }

  /// For each item the combinations of the items up to it: bytes grow, losses shrink.
  private var layers: [[Combination]] = []

  /// - Parameters:
  ///   - options: of each item, at least one.
  ///   - byteCount: of all items together.
  /// - Returns: nil if no combination is so small.
  /// - Complexity: O(items * (options * buckets)).
  init?(options: [[Option]], byteCount: Int, bucketCount: Int) {
    let least = options.map { $0.map(\.byteCount).min() ?? 0 }
    let spare = byteCount - least.reduce(0, +)
    guard spare >= 0 else { return nil }
    var reserved = 0
    var last = [Combination(byteCount: 0, loss: 0, origin: 0, choice: 0)]
    for (options, least) in zip(options, least) {
      reserved += least
      last = Self.layer(
        after: last, adding: options, bytes: reserved...reserved + spare, bucketCount: bucketCount)
      layers.append(last)
    }
  }

  private static func layer(
    after last: [Combination], adding options: [Option], bytes: ClosedRange<Int>, bucketCount: Int
  ) -> [Combination] {
    let width = (bytes.upperBound - bytes.lowerBound) / bucketCount + 1
    let none = Combination(byteCount: 0, loss: .infinity, origin: 0, choice: 0)
    var buckets = [Combination](
      repeating: none, count: (bytes.upperBound - bytes.lowerBound) / width + 1)
    for option in options {
      for (origin, combination) in last.enumerated() {
        let byteCount = combination.byteCount + option.byteCount
        guard byteCount <= bytes.upperBound else { break }
        let loss = combination.loss + option.loss
        let bucket = (byteCount - bytes.lowerBound) / width
        guard (loss, byteCount) < (buckets[bucket].loss, buckets[bucket].byteCount) else { continue }
        buckets[bucket] = Combination(
          byteCount: byteCount, loss: loss, origin: origin, choice: option.choice)
      }
    }
    var leastLoss = Double.infinity
    return buckets.filter { combination in
      guard combination.loss < leastLoss else { return false }
      leastLoss = combination.loss
      return true
    }
  }

  /// Combinations of all items: bytes grow, losses shrink.
  var combinations: [Combination] { layers.last ?? [] }

  /// The choice of each item in a combination of all.
  func choices(of position: Int) -> [Int] {
    var choices: [Int] = []
    var position = position
    for layer in layers.reversed() {
      choices.append(layer[position].choice)
      position = layer[position].origin
    }
    return choices.reversed()
  }
}
