import FoundationEssentials
import Testing

@testable import MomosFit

/// Chi-square distributions against scipy's (tools/fixtures/make_significance_fixture.py).
struct ChiSquareTests {
  private struct Fixture: Decodable {
    struct Point: Decodable {
      let degrees: Int
      let value: Double
      let tail: Double
    }

    let tails: [Point]
    let quantiles: [Point]
  }

  private let fixture: Fixture

  init() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../fixtures")
    fixture = try JSONDecoder().decode(
      Fixture.self,
      from: Data(contentsOf: folder.standardizedFileURL.appending(path: "fitting/chi-square.json")))
  }

  /// exp of a sum of terms up to n ln n loses about as many units in the last place.
  @Test func tailsAreThoseOfScipy() {
    for point in fixture.tails {
      let tail = ChiSquare(degreesOfFreedom: point.degrees).upperTail(point.value)
      let tolerance = max(1e-10, 1e-14 * Double(point.degrees))
      #expect(abs(tail - point.tail) <= tolerance * point.tail, "\(point)")
    }
  }

  @Test func quantilesAreThoseOfScipy() {
    for point in fixture.quantiles {
      let value = ChiSquare(degreesOfFreedom: point.degrees).quantile(upperTail: point.tail)
      #expect(abs(value - point.value) <= 1e-9 * point.value, "\(point)")
    }
  }

  @Test func valuesAtTheEndsHaveTailsOneAndZero() {
    let distribution = ChiSquare(degreesOfFreedom: 8)
    #expect(distribution.upperTail(0) == 1)
    #expect(distribution.upperTail(-1) == 1)
    #expect(distribution.upperTail(.infinity) == 0)
    #expect(distribution.upperTail(1e6) == 0)
  }
}
