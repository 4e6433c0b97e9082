import Glibc
import MomosFit
import MomosModel
import Testing

struct LossWeightTests {
  // A loss of .02 at -13 dB means .02 / .0501187 for a distortion of 1.
  @Test func measuredLossesAreScaledToADistortionOfOne() {
    #expect(abs(LossWeight(measuredLoss: 0.02).value - 0.3990525) < 1e-6)
    #expect(abs(LossWeight(measuredLoss: 0.02, feedbackEfficiency: 0.5).value - 0.1995262) < 1e-6)
    #expect(LossWeight(measuredLoss: -1e-9).value == 0)
  }

  // The best of equal slopes gives log4 of the ratio of two weights more bits to the heavier one.
  @Test func defaultFactorsAreThoseOfOneAndAHalfBitsMoreAndOneLess() {
    func bits(_ role: SensitivityRole) -> Double {
      let ratio =
        LossWeight(role: role, weightCount: 100).value / LossWeight(role: .other, weightCount: 100).value
      return log2(ratio) / 2
    }
    #expect(bits(.value) == 1.5)
    #expect(bits(.firstFeedForward) == 1.5)
    #expect(bits(.embedding) == -1)
  }
}

struct FrequencyGroupTests {
  // Counts by hand: N = 200, two rows seen once: unseen mass .01, seen masses are .99 c / 200.
  @Test func rowsAreGroupedByHowOftenTheyWereLookedUp() {
    let groups = FrequencyGroup.groups(lookupCounts: [0, 1, 2, 64, 0, 3, 15, 16, 63, 1, 35])
    #expect(groups.map(\.rows) == [[0, 4], [1, 9], [2, 5], [6], [7, 8, 10], [3]])
    let expected = [0.01] + [2, 5, 15, 114, 64].map { 0.99 * $0 / 200 }
    for (group, mass) in zip(groups, expected) { #expect(abs(group.mass - mass) < 1e-12) }
  }

  @Test func massesSumToOne() {
    for counts in [[0, 0], [5], [1, 1, 1, 0], [0, 7, 9], [4, 4], [0, 1, 200]] {
      let sum = FrequencyGroup.groups(lookupCounts: counts).reduce(0) { $0 + $1.mass }
      #expect(abs(sum - 1) < 1e-12)
    }
    #expect(FrequencyGroup.groups(lookupCounts: []).isEmpty)
  }

  @Test func unseenRowsGetAtLeastOneLookupAndAtMostHalf() {
    #expect(FrequencyGroup.groups(lookupCounts: [0, 10, 10])[0].mass == 0.05)
    #expect(FrequencyGroup.groups(lookupCounts: [0, 1, 1])[0].mass == 0.5)
  }

  @Test func groupsOfOneClassAreOneAgain() {
    let groups = FrequencyGroup.groups(lookupCounts: [0, 100, 1, 2, 0, 5])
    let merged = FrequencyGroup.merged(
      zip(groups, ["a", "b", "a", "b", "c"]).map { (group: $0, value: $1) })
    #expect(merged.map(\.value) == ["a", "b", "c"])
    #expect(merged.map(\.group.rows) == [[0, 3, 4], [2, 5], [1]])
    #expect(abs(merged.reduce(0) { $0 + $1.group.mass } - 1) < 1e-12)
  }
}
