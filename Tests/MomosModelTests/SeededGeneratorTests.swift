import MomosModel
import Testing

struct SeededGeneratorTests {
  // The published SplitMix64 test vector for seed 1234567.
  @Test func streamIsSplitMix64() {
    var generator = SeededGenerator(seed: 1_234_567)
    let expected: [UInt64] = [
      6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
      4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
    ]
    #expect(expected.allSatisfy { $0 == generator.next() })
  }

  @Test func indicesStayBelowTheirBound() {
    var generator = SeededGenerator(seed: 1)
    var counts = [Int](repeating: 0, count: 7)
    for _ in 0..<7000 { counts[generator.nextIndex(below: 7)] += 1 }
    // 1000 expected, standard deviation 29.3.
    #expect(counts.allSatisfy { abs($0 - 1000) < 150 })
  }

  @Test func normalNumbersHaveUnitVariance() {
    var generator = SeededGenerator(seed: 2)
    let values = (0..<20_000).map { _ in generator.nextNormal() }
    let mean = values.reduce(0, +) / 20_000
    let variance = values.reduce(0) { $0 + $1 * $1 } / 20_000
    // Five standard errors: 5 / sqrt(20000) and 5 * sqrt(2 / 20000).
    #expect(abs(mean) < 0.036)
    #expect(abs(variance - 1) < 0.05)
  }
}
