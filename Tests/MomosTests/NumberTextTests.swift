import Testing

@testable import Momos

/// How reports print numbers.
struct NumberTextTests {
  @Test(arguments: [
    (0.0, 2, "0.00"), (2.288, 2, "2.29"), (-0.004, 2, "0.00"), (-1.5, 0, "-2"), (12, 1, "12.0"),
    (0.999, 2, "1.00"), (7.05, 3, "7.050"), (.infinity, 1, "inf"), (-.infinity, 1, "-inf"), (.nan, 1, "nan"),
    (1e20, 1, "1e+20"),
  ])
  func fixedDecimals(number: Double, decimals: Int, text: String) {
    #expect(number.text(decimals: decimals) == text)
  }

  @Test(arguments: [
    (0.0, "0"), (0.29805, "0.298"), (1, "1.00"), (12.34, "12.3"), (999.6, "1000"), (0.0012, "0.00120"),
    (0.00012, "1.20e-4"), (1.4858e-7, "1.49e-7"), (123456, "1.23e5"), (-2.5e-9, "-2.50e-9"),
    (.infinity, "inf"),
    (.nan, "nan"),
  ])
  func threeSignificantDigits(number: Double, text: String) {
    #expect(number.shortText == text)
  }

  @Test(arguments: [
    (0, "0"), (999, "999"), (1000, "1,000"), (-1_234_567, "-1,234,567"),
    (Int.min, "-9,223,372,036,854,775,808"),
  ])
  func thousandsAreSeparated(number: Int, text: String) {
    #expect(number.grouped == text)
  }

  @Test func columnsAreAligned() {
    var table = TextTable([("name", .left), ("bytes", .right), ("", .left)])
    table.add(["a", "1,024", ""])
    table.add(["longer", "7", "why"])
    #expect(table.text == "name    bytes\na       1,024\nlonger      7  why")
  }
}
