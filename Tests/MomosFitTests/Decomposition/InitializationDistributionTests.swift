import MomosModel
import Testing

@testable import MomosFit

struct InitializationDistributionTests {
  /// The formulas of He et al. 2015 and Glorot and Bengio 2010, by hand for a matrix [32, 8].
  @Test(arguments: [
    (InitializationRule.kaimingNormal, InitializationDistribution.Form.normal, 0.5),
    (.kaimingUniform, .uniform, 0.5),
    (.xavierNormal, .normal, 0.223_606_797_749_979),
    (.xavierUniform, .uniform, 0.223_606_797_749_979),
    (.normal(0.02), .normal, 0.02),
  ])
  func rulesGiveTheirStandardDeviations(
    rule: InitializationRule, form: InitializationDistribution.Form, deviation: Double
  ) throws {
    let distribution = try #require(InitializationDistribution.rule(rule, fanIn: 8, fanOut: 32))
    #expect(distribution.form == form)
    #expect(abs(distribution.standardDeviation - deviation) < 1e-15)
  }

  @Test func uniformRulesHaveTheBoundsOfTheirPapers() throws {
    let kaiming = try #require(InitializationDistribution.rule(.kaimingUniform, fanIn: 6, fanOut: 1))
    #expect(abs(kaiming.bound - 1) < 1e-15)
    let xavier = try #require(InitializationDistribution.rule(.xavierUniform, fanIn: 2, fanOut: 4))
    #expect(abs(xavier.bound - 1) < 1e-15)
  }

  @Test func namesAreReadAsTheyAreWritten() {
    for rule in [.kaimingUniform, .kaimingNormal, .xavierUniform, .xavierNormal, .normal(0.25)]
      as [InitializationRule]
    {
      #expect(InitializationRule("\(rule)") == rule)
    }
  }

  @Test(arguments: [
    "", "normal", "normal:", "normal:0", "normal:-1", "normal:nan", "normal:inf", "Kaiming-normal",
  ])
  func otherNamesAreRefused(name: String) {
    #expect(InitializationRule(name) == nil)
  }

  @Test func formOfInitialWeightsIsFound() throws {
    var generator = SeededGenerator(seed: 1)
    let normal = (0..<10_000).map { _ in Float(0.1 * generator.nextNormal()) }
    let uniform = (0..<10_000).map { _ in Float(0.2 * generator.nextUniform() - 0.1) }
    let measuredNormal = try #require(InitializationDistribution.measured(normal))
    #expect(measuredNormal.form == .normal)
    // The standard error of a standard deviation is 1 / sqrt(2 n) of it: .7 %.
    #expect(abs(measuredNormal.standardDeviation / 0.1 - 1) < 0.03)
    let measuredUniform = try #require(InitializationDistribution.measured(uniform))
    #expect(measuredUniform.form == .uniform)
    // The largest of n is 1 / n below the bound on average.
    #expect(abs(measuredUniform.bound / 0.1 - 1) < 0.001)
  }

  @Test func estimateIsTheMedianMagnitudeOverThatOfAStandardNormalNumber() throws {
    let odd = try #require(InitializationDistribution.estimated([-0.3, 9, 0.1]))
    #expect(abs(odd.standardDeviation - 0.3 / 0.674489750196) < 1e-7)
    let even = try #require(InitializationDistribution.estimated([4, -2, 1, 8]))
    #expect(abs(even.standardDeviation - 3 / 0.674489750196) < 1e-7)
  }

  @Test func weightsThatSayNothingGiveNoDistribution() {
    #expect(InitializationDistribution.measured([]) == nil)
    #expect(InitializationDistribution.measured([0, 0]) == nil)
    #expect(InitializationDistribution.estimated([]) == nil)
    #expect(InitializationDistribution.estimated([0, 0, 1]) == nil)
  }
}
