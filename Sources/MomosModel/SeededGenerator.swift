import Glibc

/// A reproducible stream of random numbers: SplitMix64 (Steele, Lea and Flood 2014).
///
/// The stream of a seed is part of what makes converted files reproducible and never changes.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(seed: UInt64) {
    state = seed
  }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number in `0..<bound`, by the high half of a 128-bit product; `bound` must be positive.
  public mutating func nextIndex(below bound: Int) -> Int {
    precondition(bound > 0)
    return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// A standard normal number, by the polar method of Marsaglia.
  public mutating func nextNormal() -> Double {
    while true {
      let u = nextUniform() * 2 - 1
      let v = nextUniform() * 2 - 1
      let s = u * u + v * v
      if s > 0 && s < 1 { return u * (-2 * log(s) / s).squareRoot() }
    }
  }

  /// A number in [0, 1), 53 bits.
  public mutating func nextUniform() -> Double {
    Double(next() >> 11) * 0x1p-53
  }
}
